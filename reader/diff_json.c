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

static void put_lines(struct text *out, const char *key, char *const lines[CONTEXT_CALLS])
{
	text_format(out, ",\"%s\":[", key);
	for (unsigned i = 0; i < CONTEXT_CALLS && lines[i]; i++) {
		if (i)
			text_char(out, ',');
		text_json_string(out, lines[i]);
	}
	text_char(out, ']');
}

static void put_site(struct text *out, const char *key, const struct site *site)
{
	text_format(out, ",\"%s\":", key);
	if (site->token == CANON_NONE) {
		text_put(out, "null");
		return;
	}
	text_format(out, "{\"pid\":%u,\"tid\":%u", site->pid, site->tid);
	put_member(out, "thread", site->thread);
	put_number(out, "sequence", site->sequence);
	put_number(out, "time", site->time);
	put_member(out, "line", site->line);
	put_lines(out, "before", site->before);
	put_lines(out, "after", site->after);
	text_char(out, '}');
}

static void put_difference(struct text *out, const struct difference *difference, bool counts)
{
	text_put(out, "{\"class\":");
	text_json_string(out, class_names[difference->class]);
	put_member(out, "severity", class_severity(difference->class));
	text_format(out, ",\"counts\":%s", counts ? "true" : "false");
	put_member(out, "call", difference->call);
	put_member(out, "object", difference->object);
	put_number(out, "times", difference->count);
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
		text_json_string(out, comparison->notes[i]);
	}
	text_put(out, "]}\n");
	for (uint32_t i = 0; i < comparison->differences.count; i++)
		put_difference(out, &comparison->differences.rows[i], verdict->counts[i]);
}

/* ---- JUnit ---------------------------------------------------------------------------------------------------- */

static void put_xml(struct text *out, const char *string)
{
	for (; *string; string++) {
		if (*string == '<')
			text_put(out, "&lt;");
		else if (*string == '>')
			text_put(out, "&gt;");
		else if (*string == '&')
			text_put(out, "&amp;");
		else if (*string == '"')
			text_put(out, "&quot;");
		else
			text_char(out, (unsigned char)*string < ' ' ? ' ' : *string);
	}
}

static void put_case(struct text *out, const struct difference *difference)
{
	struct text headline = {0};

	show_headline(difference, &headline);
	text_format(out, "  <testcase classname=\"ipctrace.%s\" name=\"", class_names[difference->class]);
	put_xml(out, text_string(&headline));
	text_put(out, "\">\n    <failure message=\"");
	put_xml(out, text_string(&headline));
	text_put(out, "\">");
	for (unsigned side = 0; side < SIDES; side++) {
		const struct site *site = &difference->sites[side];
		if (!site->line)
			continue;
		text_put(out, side == SIDE_OLD ? "old: " : "new: ");
		put_xml(out, site->line);
		text_char(out, '\n');
	}
	text_put(out, "</failure>\n  </testcase>\n");
	text_free(&headline);
}

void show_junit(const struct comparison *comparison, const struct verdict *verdict, struct text *out)
{
	struct text line = {0};
	uint32_t failures = 0;
	bool is_inconclusive = verdict->status == VERDICT_INCOMPLETE;

	for (uint32_t i = 0; i < comparison->differences.count; i++)
		failures += verdict->counts[i];
	show_verdict(comparison, verdict, &line);
	text_format(out,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"ipctrace diff\" tests=\"%u\" "
		    "failures=\"%u\" errors=\"%u\">\n",
		    failures + 1, failures, is_inconclusive);
	text_put(out, "  <testcase classname=\"ipctrace\" name=\"verdict\">");
	if (is_inconclusive) {
		text_put(out, "<error message=\"");
		put_xml(out, text_string(&line));
		text_put(out, "\"/>");
	}
	text_put(out, "<system-out>");
	put_xml(out, text_string(&line));
	text_put(out, "</system-out></testcase>\n");
	for (uint32_t i = 0; i < comparison->differences.count; i++)
		if (verdict->counts[i])
			put_case(out, &comparison->differences.rows[i]);
	text_put(out, "</testsuite>\n");
	text_free(&line);
}
