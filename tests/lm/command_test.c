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

#include "gguf_build.h"
#include "scratch.h"
#include "tokenizer/tokenizer_bytes.h"
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
    if (scratch_make(state) != 0 || mkdir(scratch_path(scratch_dir, "seed"), 0777) != 0 ||
        mkdir(scratch_path(scratch_dir, "nothing"), 0777) != 0)
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
        snprintf(usage, sizeof usage, "Usage: leti model %s [OPTION...] ", commands[i]);
        snprintf(call, sizeof call, "%s --help", commands[i]);
        run_well(call);
        assert_non_null(strstr(out, usage));
        assert_non_null(strstr(out, "--help"));
        run_well("--help");
    }
}

/* One name for one thing: what a command takes of these it takes under this name. */
static void names_options_the_same_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *command, *options;
    } expected[] = {
        { "info", "--json --threads --precision" },
        { "tokenize", "--json --threads --precision --prompt --file --ids --specials" },
        { "logits", "--json --threads --precision --prompt --file --ids --specials --last --top" },
        { "loss", "--json --threads --precision --prompt --file --ids --specials --jsonl --field "
                  "--bos --logprobs" },
        { "sample",
          "--json --threads --precision --prompt --file --ids --specials --max-tokens --samples "
          "--temperature --top-k --top-p --seed --stop" },
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        char call[64], options[256];
        snprintf(call, sizeof call, "%s --help", expected[i].command);
        snprintf(options, sizeof options, "%s", expected[i].options);
        run_well(call);
        size_t n = 0, shown = 0;
        for (char *name = strtok(options, " "); name; name = strtok(NULL, " "), n++)
            if (!strstr(out, name))
                fail_msg("%s: no %s", call, name);
        for (const char *row = out; row; row = strchr(row + 1, '\n'))
            shown += strncmp(row, "\n  -", 4) == 0 || strncmp(row, "\n      --", 9) == 0;
        assert_int_equal(shown, n + 2); /* argp's --help and --usage */
    }
}

/* Every line of the help that starts as a call, with the scratch folder's MODEL. */
static void shows_examples_that_work(void **state)
{
    (void)state;
    static const char texts[] = "{\"code\": \"def f():\"}\n";
    assert_true(scratch_write(scratch_path(scratch_dir, "texts.jsonl"), texts, strlen(texts)));
    assert_true(scratch_write(scratch_path(scratch_dir, "prompt.txt"), "def f(x):\n", 10));
    assert_int_equal(symlink("model", scratch_path(scratch_dir, "MODEL")), 0);
    static const char *const with[] = { "info", "tokenize", "logits", "loss", "sample", "bench" };
    for (size_t i = 0; i < 6; i++) {
        char call[512];
        snprintf(call, sizeof call, "%s --help", with[i]);
        run_well(call);
        char *help = strdup(out);
        size_t n = 0;
        for (char *row = strtok(help, "\n"); row; row = strtok(NULL, "\n")) {
            static const char start[] = "  leti model ";
            if (strncmp(row, start, strlen(start)) != 0)
                continue;
            assert_true(strlen(row) < 79); /* argp would have broken it */
            n++;
            run_well(row + strlen(start));
            assert_true(*out);
        }
        assert_true(n >= 2);
        free(help);
    }
    assert_int_equal(unlink(scratch_path(scratch_dir, "MODEL")), 0);
}

static void ends_with_2_on_wrong_usage(void **state)
{
    (void)state;
    static const struct {
        const char *call, *expected;
    } wrong[] = {
        { "", "leti model: a command is missing; `leti model --help` lists them\n" },
        { "nonsense", "leti model: no command \"nonsense\"; `leti model --help` lists them\n" },
        { "info", "leti model info: the MODEL is missing" },
        { "info model other", "leti model info: \"other\" is one argument too many; see "
                              "`leti model info --help`\n" },
        { "info --colour model", "leti model info: unrecognized option '--colour'" },
        { "info --threads 0 model", "--threads is \"0\", allowed is an integer from 1 to" },
        { "info model --precision f16", "--precision is \"f16\", allowed are f32, bf16 and auto" },
        { "tokenize", "MODEL is missing" },
        { "tokenize model --prompt a --ids 1", "--prompt, --file and --ids are one or the other" },
        { "logits model --ids", "leti model logits: option '--ids' requires an argument" },
        { "logits model --top 0", "--top is \"0\", allowed is an integer from 1 to 1000" },
        { "loss model --prompt a --file b", "one or the other" },
        { "loss model --jsonl a --file b", "--jsonl goes without --prompt, --file and --ids" },
        { "sample model --temperature warm",
          "leti model sample: --temperature is \"warm\", allowed is a number from 0 to 100; see "
          "`leti model sample --help`\n" },
        { "sample model --temperature -1", "allowed is a number" },
        { "sample model --temperature nan", "allowed is a number" },
        { "sample model --top-p 1.5", "--top-p is \"1.5\", allowed is a number from 0 to 1" },
        { "sample model --top-k 1x", "--top-k is \"1x\"" },
        { "sample model --samples 0", "--samples is \"0\"" },
        { "sample model --seed -1", "--seed is \"-1\"" },
        { "sample model --max-tokens ''", "--max-tokens is \"\"" },
        { "sample model --stop ''", "--stop: allowed are up to 64 texts, none of them empty" },
        { "convert", "leti model convert: the MODEL is missing" },
        { "convert model", "leti model convert: the OUT is missing: a folder that is not" },
        { "convert model other more", "\"more\" is one argument too many" },
        { "convert model other --dtype f8", "--dtype is \"f8\"" },
        { "convert model other --random x", "--random is \"x\"" },
        { "bench", "MODEL is missing" },
        { "bench model --seconds 0", "--seconds is \"0\"" },
        { "bench model --phases train,rest", "--phases" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run(wrong[i].call);
        if (status != 2 || *out || !strstr(err_text, wrong[i].expected) ||
            count_lines(err_text) != 1)
            fail_msg("leti-model %s: exit status %d: %s", wrong[i].call, status, err_text);
    }
}

static void ends_with_1_and_one_line_on_failure(void **state)
{
    (void)state;
    static const struct {
        const char *call, *expected;
    } failures[] = {
        { "info nowhere", "nowhere: cannot open: No such file or directory" },
        { "info nothing", "nothing: not a model folder, it has no config.json" },
        { "info seed/config.json", "seed/config.json: neither a model folder nor a GGUF file" },
        { "info /dev/null", "/dev/null: neither a model folder nor a GGUF file" },
        { "info seed", "seed/model.safetensors: cannot open" },
        { "tokenize nowhere --prompt x", "nowhere: cannot open: No such file or directory" },
        { "tokenize nothing --prompt x", "nothing" },
        { "tokenize seed/config.json --prompt x", "neither a model folder nor a GGUF file" },
        { "tokenize model --file nowhere", "nowhere: cannot open" },
        { "tokenize model --ids 1,646", "\"646\": allowed are ids from 0 to 645 with commas" },
        { "tokenize model --ids 1,,2", "allowed are ids" },
        { "logits model --ids 1,-1", "\"-1\": allowed are ids" },
        { "logits model --prompt ''", "the text has 0 tokens, allowed are 1 to 40" },
        { "loss model --prompt a", "nothing to score" },
        { "loss model --jsonl nowhere", "nowhere: cannot open" },
        { "loss model --jsonl seed/config.json", "seed/config.json: line 1: no string in field" },
        { "sample model --ids 1,2,3 -n 38", "a prompt of 3 tokens and up to 38 sampled ones: the "
                                            "model has 40 positions" },
        { "convert model seed", "seed: exists, a new folder is needed" },
        { "convert model nowhere/x", "nowhere/x.part: cannot make the folder" },
        { "bench nowhere", "nowhere: cannot open" },
        { "bench seed --phases train", "seed/model.safetensors: cannot open" },
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
    run_well("tokenize model --json --prompt 'def f(x):<|good|>'");
    json_t *plain = line(0);
    run_well("tokenize model --json --specials --prompt 'def f(x):<|good|>'");
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

static void put_strings(struct gguf_build *b, const char *key, uint64_t n)
{
    gguf_key(b, key, GGUF_ARRAY);
    gguf_u32(b, GGUF_STRING);
    gguf_u64(b, n);
}

/* A tokenizer of the 256 bytes and of what one merge makes, without any weights. */
static void tokenizes_with_what_a_gguf_file_carries(void **state)
{
    (void)state;
    struct gguf_build b = { 0 };
    gguf_begin(&b, 3, 0, 5);
    gguf_key_text(&b, "general.architecture", "llama");
    gguf_key_text(&b, "tokenizer.ggml.model", "gpt2");
    gguf_key_text(&b, "tokenizer.ggml.pre", "gpt-2");
    put_strings(&b, "tokenizer.ggml.tokens", 257);
    for (int byte = 0; byte < 256; byte++) {
        char spelling[3] = { 0 };
        lm_spelling_of_byte(byte, spelling);
        gguf_text(&b, spelling);
    }
    gguf_text(&b, "de");
    put_strings(&b, "tokenizer.ggml.merges", 1);
    gguf_text(&b, "d e");
    gguf_align(&b, 32);
    const char *folder = scratch_path(scratch_dir, "packed");
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_true(scratch_write(scratch_path(folder, "model.gguf"), b.data, b.size));
    free(b.data);
    run_well("tokenize packed --prompt 'def f' --json");
    assert_non_null(strstr(out, "\"ids\": [256, 102, 32, 102]"));
    run_well("tokenize packed/model.gguf --ids 256,102");
    assert_string_equal(out, "def");
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
    run_well("tokenize model --json --prompt 'def f(x):'");
    json_t *tokens = line(0);
    size_t n = json_array_size(json_object_get(tokens, "ids"));
    run_well("logits model --json --prompt 'def f(x):'");
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
    run_well("logits model --json --last --prompt 'def f(x):'");
    json_t *alone = line(0);
    assert_int_equal(count_lines(out), 1);
    assert_true(json_equal(alone, last));
    json_decref(alone);
    json_decref(last);
    run_well("logits model --prompt 'def f(x):' --top 3");
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
    run_well("loss model --json --logprobs --prompt 'def f(x):'");
    assert_int_equal(count_lines(out), 2);
    json_t *text = line(0), *summary = line(1);
    const json_t *ids = json_object_get(text, "ids"), *scores = json_object_get(text, "logprobs");
    size_t n = json_array_size(scores);
    assert_int_equal(json_array_size(ids), n + 1);
    run_well("logits model --json --prompt 'def f(x):'");
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

    static const char lines[] =
        "\xef\xbb\xbf{\"code\": \"def f():\"}\n\n{\"code\": \"\\u0000x = 1\"}\n";
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
    run_well("sample model --json --prompt 'def f' --samples 5 --seed 3");
    assert_int_equal(count_lines(out), 5);
    char *first = strdup(out);
    run_well("sample model --json --prompt 'def f' --samples 5 --seed 3");
    assert_string_equal(out, first);
    run_well("sample model --json --prompt 'def f' --samples 5 --seed 4");
    assert_string_not_equal(out, first);
    free(first);
}

static void samples_as_it_is_told(void **state)
{
    (void)state;
    run_well("sample model --json --prompt 'def f' --temperature 0 --max-tokens 28");
    char *greedy = strdup(out);
    assert_non_null(strstr(greedy, "\"finish\": \"length\", \"n_tokens\": 28"));
    run_well("sample model --json --prompt 'def f' --top-k 1 -n 28");
    const char *a = strstr(greedy, "\"tokens\""), *b = strstr(out, "\"tokens\"");
    assert_true(a && b);
    assert_memory_equal(a, b, strcspn(a, "]"));
    free(greedy);
    run_well("sample model --json --prompt 'def f' --samples 40 --stop ' ' --stop e");
    assert_non_null(strstr(out, "\"finish\": \"stop\""));
    run_well("sample model --prompt '' -n 5");
    assert_non_null(strstr(out, "--- sample 0: "));
}

static void converts_and_leaves_nothing_half_done(void **state)
{
    (void)state;
    run_well("convert model half --dtype bf16");
    run_well("convert half whole//");
    struct stat wide, narrow;
    assert_int_equal(
        stat(scratch_path(scratch_path(scratch_dir, "whole"), "model.safetensors"), &wide), 0);
    assert_int_equal(
        stat(scratch_path(scratch_path(scratch_dir, "half"), "model.safetensors"), &narrow), 0);
    assert_true(narrow.st_size > wide.st_size / 2 && narrow.st_size < wide.st_size * 6 / 10);
    run_well("logits half --json --prompt 'def f'");
    char *half = strdup(out);
    run_well("logits whole --json --prompt 'def f'"); /* what bf16 holds, f32 holds exactly */
    assert_string_equal(out, half);
    free(half);
    assert_int_not_equal(access(scratch_path(scratch_dir, "half.part"), F_OK), 0);
}

/* At sizes that the model has room for, whatever the time. */
static void measures_every_phase(void **state)
{
    (void)state;
    run_well("bench seed --random --json --seconds 0.02 --batch 1,3 --samples 2");
    static const char *const phases[] = { "prefill", "decode", "decode", "train", "mix" };
    assert_int_equal(count_lines(out), 5);
    for (size_t i = 0; i < 5; i++) {
        json_t *row = line(i);
        assert_string_equal(json_string_value(json_object_get(row, "phase")), phases[i]);
        assert_true(number(row, "tokens_per_second") > 0 && number(row, "peak_gflops") > 0);
        assert_true(number(row, "slowest") <= number(row, "tokens_per_second"));
        assert_true(number(row, "fastest") >= number(row, "tokens_per_second"));
        assert_true(number(row, "memory_bytes") > 1 << 20 && number(row, "repeats") >= 1);
        assert_true(number(row, "threads") >= 1 && number(row, "parameters") == 36192);
        if (i < 3) {
            assert_true(number(row, "prompt_tokens") + number(row, "new_tokens") <= 40);
            assert_true(number(row, "first_token_seconds") > 0);
            assert_true(number(row, "batch") == (i == 2 ? 3 : 1));
        } else {
            assert_true(number(row, "tokens") >= 1 && number(row, "batch") >= 1);
        }
        json_decref(row);
    }
    run_well("bench model --phases mix --sequences 2 --seconds 0.02");
    assert_int_equal(count_lines(out), 4);
    assert_non_null(strstr(out, "\nmix "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_itself),
        cmocka_unit_test(names_options_the_same_everywhere),
        cmocka_unit_test(shows_examples_that_work),
        cmocka_unit_test(ends_with_2_on_wrong_usage),
        cmocka_unit_test(ends_with_1_and_one_line_on_failure),
        cmocka_unit_test(ends_with_1_where_it_cannot_print),
        cmocka_unit_test(tells_what_a_model_is),
        cmocka_unit_test(tokenizes_and_goes_back),
        cmocka_unit_test(tokenizes_with_what_a_gguf_file_carries),
        cmocka_unit_test(escapes_bytes_that_are_not_utf8),
        cmocka_unit_test(gives_the_logits_of_every_position),
        cmocka_unit_test(scores_texts),
        cmocka_unit_test(scores_long_texts_and_lines),
        cmocka_unit_test(samples_the_same_from_the_same_seed),
        cmocka_unit_test(samples_as_it_is_told),
        cmocka_unit_test(converts_and_leaves_nothing_half_done),
        cmocka_unit_test(measures_every_phase),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
