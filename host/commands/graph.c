/* graph - a pipeline drawn: for people, for Graphviz, as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "commands/graph.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "commands/show_options.h"
#include "registry/instance.h"

/* ---- counting problems ---- */

static bool count_problems(const struct stage *stage, uint64_t seed, size_t *out,
                           struct leti_error *err)
{
    struct instance *instance;
    struct leti_error why;
    const struct instance_config config = { .plugin = &stage->plugin,
                                            .settings = &stage->settings,
                                            .stage = stage->options.name,
                                            .run_dir = "/tmp",
                                            .threads = 1,
                                            .seed = seed };
    enum leti_status status = LETI_ERROR;
    size_t n = 0;
    if (instance_start(&config, &instance, &why)) {
        struct leti_problem problem;
        while ((status = instance_read(instance, &problem, &why)) == LETI_OK)
            n++;
        instance_stop(instance);
    }
    if (status != LETI_DONE)
        return leti_error_set(err, "%s: %s (%s): %s", stage->where, stage->options.name,
                              stage->plugin.desc->name, why.text);
    *out = n;
    return true;
}

static bool is_missing(const struct pipeline *p, const struct stage *stage)
{
    for (size_t i = 0; i < stage->settings.n; i++) {
        const struct setting *setting = &stage->settings.items[i];
        for (size_t k = 0; k < setting->n_values; k++)
            if (missing_has(&p->missing, setting->values[k]))
                return true;
    }
    return false;
}

static bool count_source(const struct pipeline *p, const struct stage *stage, size_t *out,
                         struct leti_error *err)
{
    if (!is_missing(p, stage))
        return count_problems(stage, p->seed, out, err);
    *out = GRAPH_UNKNOWN;
    return true;
}

bool graph_open(const struct pipeline *p, struct graph *out, struct leti_error *err)
{
    struct graph graph = { .pipeline = p, .n_problems = calloc(p->n_stages + 1, sizeof(size_t)) };
    if (!graph.n_problems)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < p->n_stages; i++)
        if (p->stages[i]->plugin.desc->kind == LETI_SOURCE &&
            !count_source(p, p->stages[i], &graph.n_problems[i], err)) {
            graph_close(&graph);
            return false;
        }
    *out = graph;
    return true;
}

void graph_close(struct graph *graph)
{
    free(graph->n_problems);
    *graph = (struct graph){ 0 };
}

static size_t problems_in(const struct graph *graph, const struct problem_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < graph->pipeline->n_stages; i++)
        for (size_t k = 0; k < set->n_sources; k++)
            if (graph->pipeline->stages[i] == set->sources[k] && n != GRAPH_UNKNOWN)
                n = graph->n_problems[i] == GRAPH_UNKNOWN ? GRAPH_UNKNOWN
                                                          : n + graph->n_problems[i];
    return n;
}

static const char *condition_name(enum leti_condition condition)
{
    return condition == LETI_GOOD ? "good" : condition == LETI_BAD ? "bad" : "none";
}

/* ---- for people ---- */

static void add_count(struct text *out, size_t n)
{
    if (n == GRAPH_UNKNOWN)
        text_add(out, "an unknown number of problems");
    else
        text_printf(out, "%zu problems", n);
}

static void add_sources(struct text *out, const struct problem_set *set)
{
    for (size_t i = 0; i < set->n_sources; i++)
        text_printf(out, "%s%s", i ? " .. " : "", set->sources[i]->options.name);
}

static void add_step(struct text *out, const struct stage *stage)
{
    if (stage)
        text_printf(out, "%s%s", out->size ? " >> " : "", stage->options.name);
}

/* "problems: generate >> (evaluate & style) >> feedback >> train" */
static void add_flow(struct text *out, const struct pipeline *p)
{
    struct text flow = { 0 };
    add_step(&flow, p->generator);
    for (size_t i = 0; i < p->n_evaluators; i++) {
        const char *joint = i ? " & " : flow.size ? " >> " : "";
        text_printf(&flow, "%s%s%s", joint, !i && p->n_evaluators > 1 ? "(" : "",
                    p->evaluators[i]->options.name);
    }
    text_add(&flow, p->n_evaluators > 1 ? ")" : "");
    add_step(&flow, p->formatter);
    add_step(&flow, p->trainer);
    add_sources(out, &p->problems);
    text_printf(out, "%s%s\n", p->problems.n_sources ? ": " : "", text_string(&flow));
    text_free(&flow);
}

static void add_options(struct text *out, const struct leti_option *table,
                        const struct settings *settings)
{
    for (size_t i = 0; i < option_count(table); i++) {
        if (!strcmp(table[i].name, "name"))
            continue;
        bool is_set = settings_get(settings, table[i].name) != NULL;
        text_printf(out, "    %-18s ", table[i].name);
        show_value(out, &table[i], settings);
        text_add(out, is_set ? "\n" : "  (default)\n");
    }
}

static void add_stage(struct text *out, const struct graph *graph, size_t i)
{
    const struct stage *stage = graph->pipeline->stages[i];
    const struct leti_plugin *desc = stage->plugin.desc;
    text_printf(out, "\n%s: %s %s, %s\n", stage->options.name, desc->name, desc->version,
                stage->where);
    if (desc->kind == LETI_SOURCE) {
        text_add(out, "    ");
        add_count(out, graph->n_problems[i]);
        text_add_char(out, '\n');
    }
    add_options(out, desc->options, &stage->settings);
    add_options(out, host_options(desc->kind), &stage->host_settings);
}

static void add_test(struct text *out, const struct graph *graph, size_t i)
{
    const struct pipeline *p = graph->pipeline;
    const struct test *test = &p->tests[i];
    text_printf(out, "\n%s: ", test->name);
    if (test->sampler != i) {
        text_printf(out, "the programs of %s, not cut\n", p->tests[test->sampler].name);
        return;
    }
    add_sources(out, &test->problems);
    text_add(out, ", ");
    add_count(out, problems_in(graph, &test->problems));
    text_printf(out,
                " x %" PRIu32 " samples, temperature %g, top_p %g, top_k %" PRIu32
                ", max_length %" PRIu32 ", condition %s%s, ",
                test->samples, test->temperature, test->top_p, test->top_k, test->max_length,
                condition_name(test->condition), test->uncut ? ", not cut" : "");
    if (test->every)
        text_printf(out, "every %" PRIu32 " iterations\n", test->every);
    else
        text_add(out, "at the beginning and the end\n");
}

static void add_missing(struct text *out, const struct pipeline *p)
{
    static const char *const words[][2] = { { "data", "data set" }, { "cached", "cached file" } };
    for (size_t i = 0; i < p->missing.n; i++) {
        const struct missing *missing = &p->missing.items[i];
        const char *kind = missing->kind;
        for (size_t k = 0; k < 2; k++)
            kind = strcmp(kind, words[k][0]) ? kind : words[k][1];
        text_printf(out, "%snote: %s \"%s\" is not here\n", i ? "" : "\n", kind, missing->name);
    }
}

void graph_text(struct text *out, const struct graph *graph)
{
    const struct pipeline *p = graph->pipeline;
    text_printf(out, "%s, %s\n", p->name, p->file);
    add_flow(out, p);
    text_printf(out, "%" PRIu32 " iterations, seed %" PRIu64, p->iterations, p->seed);
    if (p->from_references) {
        text_add(out, ", the references of ");
        add_count(out, problems_in(graph, &p->problems));
    } else if (p->generator && p->problems.n_sources) {
        text_add(out, ", ");
        add_count(out, problems_in(graph, &p->problems));
        text_printf(out, " x %" PRId64 " samples", p->generator->options.samples);
    }
    text_printf(out, "\npreflight %s, cache %s, infra_limit %g%s%s\n", p->preflight ? "on" : "off",
                p->cache ? "on" : "off", p->infra_limit, p->listen ? ", listen " : "",
                p->listen ? p->listen : "");
    if (p->keep_checkpoints)
        text_printf(out, "the last %" PRIu32 " checkpoints are kept\n", p->keep_checkpoints);
    if (p->validation.n_sources) {
        text_add(out, "validation: ");
        add_sources(out, &p->validation);
        text_add(out, ", the references of ");
        add_count(out, problems_in(graph, &p->validation));
        text_add_char(out, '\n');
    }
    if (p->n_post)
        text_add(out, "programs end before ");
    for (size_t i = 0; i < p->n_post; i++) {
        json_text_string(out, p->post[i]);
        text_add(out, i + 1 < p->n_post ? ", " : "\n");
    }
    for (size_t i = 0; i < p->n_stages; i++)
        add_stage(out, graph, i);
    for (size_t i = 0; i < p->n_tests; i++)
        add_test(out, graph, i);
    add_missing(out, p);
}

/* ---- for Graphviz ---- */

static void add_edge(struct text *out, const char *from, const char *to)
{
    text_printf(out, "  \"%s\" -> \"%s\";\n", from, to);
}

/* Every evaluator hangs between the generator and the formatter. */
static void add_evaluator_edges(struct text *out, const struct pipeline *p)
{
    for (size_t i = 0; i < p->n_evaluators; i++) {
        const char *name = p->evaluators[i]->options.name;
        if (p->generator)
            add_edge(out, p->generator->options.name, name);
        if (p->formatter)
            add_edge(out, name, p->formatter->options.name);
    }
}

void graph_dot(struct text *out, const struct graph *graph)
{
    const struct pipeline *p = graph->pipeline;
    text_printf(out, "digraph \"%s\" {\n  rankdir = LR;\n  node [shape = box];\n", p->name);
    for (size_t i = 0; i < p->n_stages; i++)
        text_printf(out, "  \"%s\" [label = \"%s\\n%s\"];\n", p->stages[i]->options.name,
                    p->stages[i]->options.name, p->stages[i]->plugin.desc->name);
    for (size_t i = 0; p->generator && i < p->problems.n_sources; i++)
        add_edge(out, p->problems.sources[i]->options.name, p->generator->options.name);
    add_evaluator_edges(out, p);
    if (p->formatter && p->trainer)
        add_edge(out, p->formatter->options.name, p->trainer->options.name);
    if (p->trainer && p->generator)
        text_printf(out, "  \"%s\" -> \"%s\" [style = dashed, label = \"model\"];\n",
                    p->trainer->options.name, p->generator->options.name);
    for (size_t i = 0; i < p->n_tests; i++)
        for (size_t k = 0; p->tests[i].sampler == i && k < p->tests[i].problems.n_sources; k++)
            text_printf(out, "  \"%s\" -> \"%s\" [style = dotted, label = \"%s\"];\n",
                        p->tests[i].problems.sources[k]->options.name, p->generator->options.name,
                        p->tests[i].name);
    text_add(out, "}\n");
}

/* ---- as JSON ---- */

static void add_key(struct text *out, const char *key)
{
    bool first = !out->size || strchr("{[", out->data[out->size - 1]);
    text_printf(out, "%s\"%s\": ", first ? "" : ", ", key);
}

static void add_string(struct text *out, const char *key, const char *value)
{
    add_key(out, key);
    json_text_string(out, value);
}

static void add_number(struct text *out, const char *key, double value)
{
    add_key(out, key);
    json_number(out, value);
}

static void add_count_json(struct text *out, size_t n)
{
    if (n != GRAPH_UNKNOWN) {
        add_number(out, "n_problems", (double)n);
        return;
    }
    add_key(out, "n_problems");
    text_add(out, "null");
}

static void add_bool(struct text *out, const char *key, bool value)
{
    add_key(out, key);
    text_add(out, value ? "true" : "false");
}

static void add_names(struct text *out, const char *key, struct stage *const *stages, size_t n)
{
    add_key(out, key);
    text_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        text_add(out, i ? ", " : "");
        json_text_string(out, stages[i]->options.name);
    }
    text_add_char(out, ']');
}

static void add_values(struct text *out, const struct leti_option *table,
                       const struct settings *settings)
{
    for (size_t i = 0; i < option_count(table); i++) {
        add_key(out, table[i].name);
        show_value_json(out, &table[i], settings);
    }
}

static void add_stage_json(struct text *out, const struct graph *graph, size_t i)
{
    const struct stage *stage = graph->pipeline->stages[i];
    const struct leti_plugin *desc = stage->plugin.desc;
    text_add_char(out, '{');
    add_string(out, "name", stage->options.name);
    add_string(out, "kind", kind_name(desc->kind));
    add_string(out, "plugin", desc->name);
    add_string(out, "version", desc->version);
    add_string(out, "where", stage->where);
    if (desc->kind == LETI_SOURCE)
        add_count_json(out, graph->n_problems[i]);
    add_key(out, "options");
    text_add_char(out, '{');
    add_values(out, desc->options, &stage->settings);
    text_add_char(out, '}');
    add_key(out, "host_options");
    text_add_char(out, '{');
    add_values(out, host_options(desc->kind), &stage->host_settings);
    text_add(out, "}}");
}

static void add_test_json(struct text *out, const struct graph *graph, size_t i)
{
    const struct pipeline *p = graph->pipeline;
    const struct test *test = &p->tests[i];
    text_add_char(out, '{');
    add_string(out, "name", test->name);
    add_names(out, "problems", test->problems.sources, test->problems.n_sources);
    add_count_json(out, problems_in(graph, &test->problems));
    add_number(out, "samples", test->samples);
    add_number(out, "temperature", test->temperature);
    add_number(out, "top_p", test->top_p);
    add_number(out, "top_k", test->top_k);
    add_number(out, "max_length", test->max_length);
    add_number(out, "every", test->every);
    add_string(out, "condition", condition_name(test->condition));
    add_bool(out, "cut", !test->uncut);
    add_string(out, "samples_of", p->tests[test->sampler].name);
    text_add_char(out, '}');
}

static void add_stop_texts(struct text *out, const struct pipeline *p)
{
    add_key(out, "post");
    text_add_char(out, '[');
    for (size_t i = 0; i < p->n_post; i++) {
        text_add(out, i ? ", " : "");
        json_text_string(out, p->post[i]);
    }
    text_add_char(out, ']');
}

static void add_flow_json(struct text *out, const struct pipeline *p)
{
    add_names(out, "problems", p->problems.sources, p->problems.n_sources);
    add_string(out, "samples_from", p->from_references ? "references" : "model");
    add_names(out, "validation", p->validation.sources, p->validation.n_sources);
    add_string(out, "generator", p->generator ? p->generator->options.name : NULL);
    add_names(out, "evaluators", p->evaluators, p->n_evaluators);
    add_string(out, "formatter", p->formatter ? p->formatter->options.name : NULL);
    add_string(out, "trainer", p->trainer ? p->trainer->options.name : NULL);
    add_names(out, "observers", p->observers, p->n_observers);
}

static void add_missing_json(struct text *out, const struct pipeline *p)
{
    add_key(out, "missing");
    text_add_char(out, '[');
    for (size_t i = 0; i < p->missing.n; i++) {
        text_add(out, i ? ", {" : "{");
        add_string(out, "kind", p->missing.items[i].kind);
        add_string(out, "name", p->missing.items[i].name);
        text_add_char(out, '}');
    }
    text_add_char(out, ']');
}

void graph_json(struct text *out, const struct graph *graph)
{
    const struct pipeline *p = graph->pipeline;
    text_add_char(out, '{');
    add_string(out, "name", p->name);
    add_string(out, "file", p->file);
    add_number(out, "iterations", p->iterations);
    add_number(out, "seed", (double)p->seed);
    add_number(out, "keep_checkpoints", p->keep_checkpoints);
    add_number(out, "infra_limit", p->infra_limit);
    add_bool(out, "preflight", p->preflight);
    add_bool(out, "cache", p->cache);
    add_string(out, "listen", p->listen);
    add_stop_texts(out, p);
    add_flow_json(out, p);
    add_key(out, "stages");
    text_add_char(out, '[');
    for (size_t i = 0; i < p->n_stages; i++) {
        text_add(out, i ? ", " : "");
        add_stage_json(out, graph, i);
    }
    text_add_char(out, ']');
    add_key(out, "tests");
    text_add_char(out, '[');
    for (size_t i = 0; i < p->n_tests; i++) {
        text_add(out, i ? ", " : "");
        add_test_json(out, graph, i);
    }
    text_add_char(out, ']');
    add_missing_json(out, p);
    text_add(out, "}\n");
}
