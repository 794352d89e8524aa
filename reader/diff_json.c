// SPDX-License-Identifier: MIT
/*
 * For machines: JSON Lines (first the verdict, then an object for each difference) and JUnit XML.
 */
#include "reader/diff_show.h"

static const char *const verdict_words[] = {"same", "different", "trouble", "slower", "incomplete"};

static void put_member(struct text *out, const char *key, const char *value)
{
	text_format(out, ",\"%s\":", key);
	if (value)
		text_json_string(out, value);
	else
		text_put(out, "null");
}

static void put_number(struct text *out, const char *key, uint64_t value)
{
	text_format(out, ",\"%s\":", key);
	text_uint(out, value);
}

static void put_context(struct text *out, const char *key, const struct context lines[CONTEXT_CALLS])
{
	text_format(out, ",\"%s\":[", key);
	for (unsigned i = 0; i < CONTEXT_CALLS && lines[i].line; i++) {
		text_put(out, i ? ",{\"line\":" : "{\"line\":");
		text_json_string(out, lines[i].line);
		put_number(out, "times", lines[i].times);
		text_char(out, '}');
	}
	text_char(out, ']');
}

static void put_stack(struct text *out, const struct site *site)
{
	if (!site->frames_count)
		return;
	text_put(out, ",\"stack\":[");
	for (uint32_t i = 0; i < site->frames_count; i++) {
		if (i)
			text_char(out, ',');
		text_json_string(out, site->frames[i] ? site->frames[i] : "?");
	}
	text_char(out, ']');
}

/* A call that is only in one of the runs is null in the other, which has what comes at its place. */
static void put_site(struct text *out, const char *key, const struct site *site)
{
	bool is_there = site->token != CANON_NONE;

	text_format(out, is_there ? ",\"%s\":" : ",\"%s\":null,\"%s_next\":", key, key);
	if (!site->thread) {
		text_put(out, "null");
		return;
	}
	text_format(out, "{\"pid\":%u,\"tid\":%u", site->pid, site->tid);
	put_member(out, "thread", site->thread);
	put_number(out, "sequence", site->sequence);
	put_number(out, "time", site->time);
	put_member(out, "line", site->line);
	put_stack(out, site);
	if (is_there) {
		put_context(out, "before", site->before);
		put_context(out, "after", site->after);
	}
	text_char(out, '}');
}

static void put_difference(struct text *out, const struct comparison *comparison, const struct verdict *verdict,
			   uint32_t index)
{
	const struct difference *difference = &comparison->differences.rows[index];

	text_put(out, "{\"class\":");
	text_json_string(out, class_names[difference->class]);
	put_member(out, "severity", class_severity(difference->class));
	text_format(out, ",\"counts\":%s,\"first\":%s", verdict->counts[index] ? "true" : "false",
		    index == verdict->first ? "true" : "false");
	put_member(out, "call", difference->call);
	put_member(out, "object", difference->object);
	put_number(out, "times", difference->count);
	put_number(out, "threads", difference->threads);
	put_member(out, "field", difference->field);
	put_member(out, "old_value", difference->old);
	put_member(out, "new_value", difference->new);
	put_member(out, "explanation", difference->explanation);
	put_site(out, "old", &difference->sites[SIDE_OLD]);
	put_site(out, "new", &difference->sites[SIDE_NEW]);
	text_put(out, "}\n");
}

void show_json(const struct comparison *comparison, const struct verdict *verdict, struct text *out)
{
	const struct edits *edits = &comparison->edits;

	text_format(out, "{\"schema\":1,\"verdict\":\"%s\",\"status\":%d", verdict_words[verdict->status],
		    verdict->status);
	put_number(out, "differences", verdict->differences);
	put_number(out, "sorts", verdict->groups);
	put_number(out, "compared", edits->compared);
	put_number(out, "ignored", verdict->ignored);
	put_number(out, "random", verdict->random);
	put_number(out, "slower", verdict->slower);
	text_format(out, ",\"noise\":{\"schedule\":%llu,\"recut\":%llu,\"timer\":%llu}",
		    (unsigned long long)edits->noise[NOISE_SCHEDULE], (unsigned long long)edits->noise[NOISE_RECUT],
		    (unsigned long long)edits->noise[NOISE_TIMER]);
	text_format(out, ",\"unaligned\":[%llu,%llu],\"notes\":[", (unsigned long long)edits->unaligned[SIDE_OLD],
		    (unsigned long long)edits->unaligned[SIDE_NEW]);
	for (uint32_t i = 0; i < comparison->notes_count; i++) {
		if (i)
			text_char(out, ',');
		text_json_string(out, comparison->notes[i].text);
	}
	text_put(out, "]}\n");
	for (uint32_t i = 0; i < comparison->differences.count; i++)
		put_difference(out, comparison, verdict, i);
}

/* ---- JUnit ---------------------------------------------------------------------------------------------------- */

/* XML has no way to say most control characters, and must be UTF-8. */
static void put_xml(struct text *out, const char *string)
{
	static const char *const names[] = {
		['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;", ['\n'] = "&#10;"};

	while (*string) {
		uint8_t byte = (uint8_t)*string;
		unsigned wide = text_utf8_size(string);
		bool is_character = wide && memcmp(string, "\xef\xbf\xbe", 3) && memcmp(string, "\xef\xbf\xbf", 3);
		if (is_character)
			text_add(out, string, wide);
		else if (byte < sizeof(names) / sizeof(names[0]) && names[byte])
			text_put(out, names[byte]);
		else
			text_char(out, byte < ' ' || byte >= 0x7f ? '?' : (char)byte);
		string += wide ? wide : 1;
	}
}

static void put_side(struct text *out, const struct site *site, const char *which, bool is_first)
{
	if (site->token == CANON_NONE || !site->line)
		return;
	text_format(out, "%s: ", which);
	put_xml(out, site->line);
	text_char(out, '\n');
	for (uint32_t i = 0; is_first && i < site->frames_count; i++) {
		text_put(out, "   &gt; ");
		put_xml(out, site->frames[i] ? site->frames[i] : "?");
		text_char(out, '\n');
	}
}

static void put_case(struct text *out, const struct comparison *comparison, const struct verdict *verdict,
		     uint32_t index)
{
	const struct difference *difference = &comparison->differences.rows[index];
	const char *what = difference->class == CLASS_INCOMPLETE ? "error" : "failure";
	struct text headline = {0};

	show_headline(difference, &headline);
	text_format(out, "  <testcase classname=\"ipctrace.%s\" name=\"", class_names[difference->class]);
	put_xml(out, text_string(&headline));
	text_format(out, "\">\n    <%s type=\"%s\" message=\"", what, class_names[difference->class]);
	put_xml(out, text_string(&headline));
	text_put(out, "\">");
	put_side(out, &difference->sites[SIDE_OLD], "old", index == verdict->first);
	put_side(out, &difference->sites[SIDE_NEW], "new", index == verdict->first);
	text_format(out, "</%s>\n  </testcase>\n", what);
	text_free(&headline);
}

void show_junit(const struct comparison *comparison, const struct verdict *verdict, struct text *out)
{
	struct text line = {0};
	uint32_t failures = 0, errors = 0;

	for (uint32_t i = 0; i < comparison->differences.count; i++) {
		bool is_incomplete = comparison->differences.rows[i].class == CLASS_INCOMPLETE;
		bool fails = verdict_fails(verdict, comparison, i);
		failures += fails && !is_incomplete;
		errors += fails && is_incomplete;
	}
	show_verdict(comparison, verdict, &line);
	text_format(out,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"ipctrace diff\" tests=\"%u\" "
		    "failures=\"%u\" errors=\"%u\">\n",
		    1 + failures + errors, failures, errors);
	/* So that a run without differences has a test, too. */
	text_put(out, "  <testcase classname=\"ipctrace\" name=\"comparison\"><system-out>");
	put_xml(out, text_string(&line));
	text_put(out, "</system-out></testcase>\n");
	for (uint32_t i = 0; i < comparison->differences.count; i++)
		if (verdict_fails(verdict, comparison, i))
			put_case(out, comparison, verdict, i);
	text_put(out, "</testsuite>\n");
	text_free(&line);
}
