/* command_test - the program leti-model, as a user calls it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <jansson.h>

#include "scratch.h"
#include "tokenizer_golden.h"

/* What a call printed and returned. */
static char *out, *err_text;
static int status;

/* Runs `leti-model ARGUMENTS` in the scratch folder, through the shell. */
static void run(const char *arguments)
{
    char line[4096];
    const char *build = getenv("LETI_BUILD_DIR");
    assert_non_null(build);
    int n = snprintf(line, sizeof line, "cd '%s' && '%s/libexec/leti-model' %s >out 2>err",
                     scratch_dir, build, arguments);
    assert_true(n > 0 && n < (int)sizeof line);
    int result = system(line);
    assert_true(WIFEXITED(result));
    status = WEXITSTATUS(result);
    size_t size;
    free(out);
    free(err_text);
    out = scratch_read(scratch_path(scratch_dir, "out"), &size);
    err_text = scratch_read(scratch_path(scratch_dir, "err"), &size);
    assert_true(out && err_text);
}

static void run_well(const char *arguments)
{
    run(arguments);
    if (status != 0 || *err_text)
        fail_msg("leti-model %s: exit status %d: %s", arguments, status, err_text);
}

/* The nth line of the output as JSON; the caller's. */
static json_t *line(size_t n)
{
    const char *at = out;
    while (n-- > 0) {
        at = strchr(at, '\n');
        assert_non_null(at);
        at++;
    }
    json_error_t why;
    json_t *json = json_loadb(at, strcspn(at, "\n"), JSON_ALLOW_NUL, &why);
    if (!json)
        fail_msg("%s: %.*s", why.text, (int)strcspn(at, "\n"), at);
    return json;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static double number(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    if (!json_is_number(value))
        fail_msg("no number %s", key);
    return json_number_value(value);
}

/* A model in "model": random, of the golden tokenizer gpt2. */
static int make_model(void **state)
{
    static const char config[] =
        "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\","
        " \"hidden_size\": 32, \"num_hidden_layers\": 2, \"num_attention_heads\": 4,"
        " \"num_key_value_heads\": 2, \"intermediate_size\": 48, \"vocab_size\": 646,"
        " \"max_position_embeddings\": 40, \"eos_token_id\": 0, \"tie_word_embeddings\": true}";
    size_t size;
    if (scratch_make(state) != 0 || mkdir(scratch_path(scratch_dir, "seed"), 0777) != 0)
        return -1;
    char *tokenizer = scratch_read(scratch_path(golden_path("gpt2"), "tokenizer.json"), &size);
    const char *seed = scratch_path(scratch_dir, "seed");
    if (!tokenizer || !scratch_write(scratch_path(seed, "tokenizer.json"), tokenizer, size) ||
        !scratch_write(scratch_path(seed, "config.json"), config, strlen(config)))
        return -1;
    free(tokenizer);
    run("convert --random 7 seed model");
    return status;
}

static int remove_model(void **state)
{
    free(out);
    free(err_text);
    return scratch_remove(state);
}

/* ---- usage ---- */

static const char *const commands[] = { "info",   "tokenize", "logits", "loss",
                                        "sample", "convert",  "bench" };

static void explains_itself(void **state)
{
    (void)state;
    run_well("--help");
    for (size_t i = 0; i < 7; i++) {
        char call[64], usage[64];
        assert_non_null(strstr(out, commands[i]));
        snprintf(usage, sizeof usage, "Usage: leti model %s [OPTION...] DIR", commands[i]);
        snprintf(call, sizeof call, "%s --help", commands[i]);
        run_well(call);
        assert_non_null(strstr(out, usage));
        assert_non_null(strstr(out, "--help"));
        run_well("--help");
    }
    run_well("sample --help");
    static const char *const options[] = { "--prompt", "--samples",    "--temperature", "--top-p",
                                           "--top-k",  "--max-length", "--seed",        "--stop" };
    for (size_t i = 0; i < 8; i++)
        assert_non_null(strstr(out, options[i]));
}

static void ends_with_2_on_wrong_usage(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "nonsense",
        "info",
        "info model model",
        "info --colour model",
        "tokenize",
        "tokenize model a b",
        "tokenize model a --ids 1",
        "logits model --text a --tokens 1",
        "logits model --top 0",
        "loss model --text a --file b",
        "sample model --temperature warm",
        "sample model --temperature -1",
        "sample model --temperature nan",
        "sample model --top-p 1.5",
        "sample model --top-k 1x",
        "sample model --samples 0",
        "sample model --seed -1",
        "sample model --max-length ''",
        "sample model --stop ''",
        "convert model",
        "convert model other --dtype f8",
        "convert model other --random x",
        "bench",
        "bench model --seconds 0",
        "bench model --length 3",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run(wrong[i]);
        if (status != 2 || *out || !*err_text)
            fail_msg("leti-model %s: exit status %d", wrong[i], status);
    }
}

static void ends_with_1_and_one_line_on_failure(void **state)
{
    (void)state;
    static const struct {
        const char *call, *expected;
    } failures[] = {
        { "info nowhere", "nowhere/config.json: cannot open: No such file or directory" },
        { "info seed", "seed/model.safetensors: cannot open" },
        { "tokenize nowhere x", "nowhere/tokenizer.json" },
        { "tokenize model --file nowhere", "nowhere: cannot open" },
        { "tokenize model --ids 1,646", "\"646\": allowed are ids from 0 to 645 with commas" },
        { "tokenize model --ids 1,,2", "allowed are ids" },
        { "logits model --tokens 1,-1", "\"-1\": allowed are ids" },
        { "logits model --text ''", "the text has 0 tokens, allowed are 1 to 40" },
        { "loss model --text a", "nothing to score" },
        { "loss model --jsonl nowhere", "nowhere: cannot open" },
        { "loss model --jsonl seed/config.json", "seed/config.json: line 1: no string in field" },
        { "sample model --prompt a --max-length 1", "1" },
        { "sample model --prompt a --max-length 41", "41" },
        { "convert model seed", "seed: exists, a new folder is needed" },
        { "convert model nowhere/x", "nowhere/x.part: cannot make the folder" },
        { "bench seed --length 41", "sequences of 41 tokens, allowed are 17 to 40" },
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        run(failures[i].call);
        if (status != 1 || count_lines(err_text) != 1 || !strstr(err_text, failures[i].expected) ||
            strncmp(err_text, "leti model: ", 12) != 0)
            fail_msg("leti-model %s: exit status %d: %s", failures[i].call, status, err_text);
    }
}

static void ends_with_1_where_it_cannot_print(void **state)
{
    (void)state;
    run("info model >/dev/full 2>err; exit $? #");
    assert_int_equal(status, 1);
    assert_string_equal(err_text, "leti model: cannot write the output: No space left on device\n");
}

/* ---- what the commands print ---- */

static void tells_what_a_model_is(void **state)
{
    (void)state;
    run_well("info model --json");
    json_t *info = line(0);
    assert_true(number(info, "layers") == 2 && number(info, "d_model") == 32);
    assert_true(number(info, "heads") == 4 && number(info, "kv_heads") == 2);
    assert_true(number(info, "vocab_size") == 646 && number(info, "tokens") == 646);
    assert_true(number(info, "parameters") ==
                646 * 32 + 32 + 2 * (2 * 32 + 32 * 32 * 2 + 2 * 16 * 32 + 3 * 48 * 32));
    assert_true(number(info, "bos") == -1 && number(info, "eos") == 0);
    assert_true(json_is_true(json_object_get(info, "tied")));
    const json_t *specials = json_object_get(info, "special_tokens");
    assert_int_equal(json_array_size(specials), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(specials, 1), "text")),
                        "<|good|>");
    json_decref(info);
    run_well("info model");
    assert_non_null(strstr(out, "640 \"<|good|>\""));
}

static void tokenizes_and_goes_back(void **state)
{
    (void)state;
    run_well("tokenize model --json 'def f(x):<|good|>'");
    json_t *plain = line(0);
    run_well("tokenize model --json --specials 'def f(x):<|good|>'");
    json_t *special = line(0);
    const json_t *ids = json_object_get(special, "ids");
    size_t n = json_array_size(ids);
    assert_true(number(plain, "n") > number(special, "n") && number(special, "bytes") == 17);
    assert_int_equal(json_integer_value(json_array_get(ids, n - 1)), 640);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(special, "tokens"), n - 1)), "<|good|>");
    char call[256] = "tokenize model --ids ";
    for (size_t i = 0; i < n; i++)
        snprintf(call + strlen(call), sizeof call - strlen(call), i ? ",%d" : "%d",
                 (int)json_integer_value(json_array_get(ids, i)));
    json_decref(plain);
    json_decref(special);
    run_well(call);
    assert_string_equal(out, "def f(x):<|good|>");
    run_well("tokenize model --json <seed/config.json");
    char *from_input = strdup(out);
    run_well("tokenize model --json --file seed/config.json");
    assert_string_equal(out, from_input);
    free(from_input);
}

static void escapes_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    assert_true(scratch_write(scratch_path(scratch_dir, "bytes"), "\xff\xc3\0\"\\\t", 6));
    run_well("tokenize model --json --file bytes");
    assert_non_null(strstr(out, "[\"\\udcff\", \"\\udcc3\", \"\\u0000\", \"\\\"\", \"\\\\\", "
                                "\"\\t\"]"));
}

static void gives_the_logits_of_every_position(void **state)
{
    (void)state;
    run_well("tokenize model --json 'def f(x):'");
    json_t *tokens = line(0);
    size_t n = json_array_size(json_object_get(tokens, "ids"));
    run_well("logits model --json --text 'def f(x):'");
    assert_int_equal(count_lines(out), n);
    for (size_t i = 0; i < n; i++) {
        json_t *row = line(i);
        assert_true(number(row, "position") == (double)i);
        assert_true(json_equal(json_object_get(row, "token"),
                               json_array_get(json_object_get(tokens, "ids"), i)));
        assert_int_equal(json_array_size(json_object_get(row, "logits")), 646);
        json_decref(row);
    }
    json_decref(tokens);
    json_t *last = line(n - 1);
    run_well("logits model --json --last --text 'def f(x):'");
    json_t *alone = line(0);
    assert_int_equal(count_lines(out), 1);
    assert_true(json_equal(alone, last));
    json_decref(alone);
    json_decref(last);
    run_well("logits model --text 'def f(x):' --top 3");
    assert_int_equal(count_lines(out), n);
}

/* From the logits of the position before. */
static double logprob(size_t position, size_t token)
{
    json_t *row = line(position);
    const json_t *logits = json_object_get(row, "logits");
    double sum = 0, own = json_number_value(json_array_get(logits, token));
    for (size_t i = 0; i < json_array_size(logits); i++)
        sum += exp(json_number_value(json_array_get(logits, i)));
    json_decref(row);
    return own - log(sum);
}

static void scores_texts(void **state)
{
    (void)state;
    run_well("loss model --json --tokens --text 'def f(x):'");
    assert_int_equal(count_lines(out), 2);
    json_t *text = line(0), *summary = line(1);
    const json_t *ids = json_object_get(text, "ids"), *scores = json_object_get(text, "logprobs");
    size_t n = json_array_size(scores);
    assert_int_equal(json_array_size(ids), n + 1);
    run_well("logits model --json --text 'def f(x):'");
    double mean = 0;
    for (size_t i = 0; i < n; i++) {
        double score = json_number_value(json_array_get(scores, i));
        size_t token = (size_t)json_integer_value(json_array_get(ids, i + 1));
        assert_true(fabs(score - logprob(i, token)) < 1e-4);
        mean -= score / (double)n;
    }
    assert_true(fabs(number(text, "loss") - mean) < 1e-5);
    assert_true(fabs(number(text, "perplexity") - exp(mean)) < 1e-2);
    assert_true(number(summary, "texts") == 1 && number(summary, "scored") == (double)n);
    assert_true(number(summary, "loss") == number(text, "loss"));
    json_decref(text);
    json_decref(summary);
}

static void scores_long_texts_and_lines(void **state)
{
    (void)state;
    run_well("loss model --json --file seed/tokenizer.json"); /* longer than 40 positions */
    json_t *text = line(0);
    assert_true(number(text, "tokens") > 1000);
    assert_true(number(text, "scored") == number(text, "tokens") - 1);
    json_decref(text);
    run_well("loss model --json --bos --file seed/tokenizer.json");
    text = line(0);
    assert_true(number(text, "scored") == number(text, "tokens") - 1);
    json_decref(text);

    static const char lines[] = "{\"code\": \"def f():\"}\n\n{\"code\": \"\\u0000x = 1\"}\n";
    assert_true(scratch_write(scratch_path(scratch_dir, "lines"), lines, strlen(lines)));
    run_well("loss model --json --jsonl lines --field code");
    assert_int_equal(count_lines(out), 3);
    json_t *summary = line(2);
    assert_true(number(summary, "texts") == 2);
    json_decref(summary);
    run_well("loss model --jsonl lines --field code");
    assert_non_null(strstr(out, "2 texts, "));
}

static void samples_the_same_from_the_same_seed(void **state)
{
    (void)state;
    run_well("sample model --json --prompt 'def f' -n 5 --seed 3");
    assert_int_equal(count_lines(out), 5);
    char *first = strdup(out);
    run_well("sample model --json --prompt 'def f' -n 5 --seed 3");
    assert_string_equal(out, first);
    run_well("sample model --json --prompt 'def f' -n 5 --seed 4");
    assert_string_not_equal(out, first);
    free(first);
}

static void samples_as_it_is_told(void **state)
{
    (void)state;
    run_well("sample model --json --prompt 'def f' --temperature 0 --max-length 30");
    char *greedy = strdup(out);
    assert_non_null(strstr(greedy, "\"finish\": \"length\", \"n_tokens\": 28"));
    run_well("sample model --json --prompt 'def f' --top-k 1 --max-length 30");
    const char *a = strstr(greedy, "\"tokens\""), *b = strstr(out, "\"tokens\"");
    assert_true(a && b);
    assert_memory_equal(a, b, strcspn(a, "]"));
    free(greedy);
    run_well("sample model --json --prompt 'def f' -n 40 --stop ' ' --stop e");
    assert_non_null(strstr(out, "\"finish\": \"stop\""));
    run_well("sample model --prompt '' --max-length 5");
    assert_non_null(strstr(out, "--- sample 0: "));
}

static void converts_and_leaves_nothing_half_done(void **state)
{
    (void)state;
    run_well("convert model half --dtype bf16");
    run_well("convert half whole");
    struct stat wide, narrow;
    assert_int_equal(
        stat(scratch_path(scratch_path(scratch_dir, "whole"), "model.safetensors"), &wide), 0);
    assert_int_equal(
        stat(scratch_path(scratch_path(scratch_dir, "half"), "model.safetensors"), &narrow), 0);
    assert_true(narrow.st_size > wide.st_size / 2 && narrow.st_size < wide.st_size * 6 / 10);
    run_well("logits half --json --text 'def f'");
    char *half = strdup(out);
    run_well("logits whole --json --text 'def f'"); /* what bf16 holds, f32 holds exactly */
    assert_string_equal(out, half);
    free(half);
    assert_int_not_equal(access(scratch_path(scratch_dir, "half.part"), F_OK), 0);
}

static void measures(void **state)
{
    (void)state;
    run_well("bench seed --json --seconds 0.05 --batch 2 --slots 4");
    json_t *rates = line(0);
    assert_true(number(rates, "train_tokens_per_second") > 0);
    assert_true(number(rates, "sample_tokens_per_second") > 0);
    assert_true(number(rates, "length") == 40 && number(rates, "threads") >= 1);
    json_decref(rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_itself),
        cmocka_unit_test(ends_with_2_on_wrong_usage),
        cmocka_unit_test(ends_with_1_and_one_line_on_failure),
        cmocka_unit_test(ends_with_1_where_it_cannot_print),
        cmocka_unit_test(tells_what_a_model_is),
        cmocka_unit_test(tokenizes_and_goes_back),
        cmocka_unit_test(escapes_bytes_that_are_not_utf8),
        cmocka_unit_test(gives_the_logits_of_every_position),
        cmocka_unit_test(scores_texts),
        cmocka_unit_test(scores_long_texts_and_lines),
        cmocka_unit_test(samples_the_same_from_the_same_seed),
        cmocka_unit_test(samples_as_it_is_told),
        cmocka_unit_test(converts_and_leaves_nothing_half_done),
        cmocka_unit_test(measures),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
