// SPDX-License-Identifier: MIT
/*
 * For people: the verdict first, then the differences that matter, the most severe first.
 */
#include "reader/diff_show.h"

#include <string.h>

#define COLOR_GOOD   "\033[1;32m"
#define COLOR_BAD    "\033[1;31m"
#define COLOR_ODD    "\033[1;33m"
#define COLOR_OLD    "\033[31m"
#define COLOR_NEW    "\033[32m"
#define COLOR_QUIET  "\033[2m"
#define COLOR_NORMAL "\033[0m"

static const char *const verdict_words[] = {"same", "different", "trouble", "slower", "incomplete"};

static void put_color(struct text *out, const struct show_style *style, const char *color)
{
	if (style->color)
		text_put(out, color);
}

static void put_count(struct text *out, uint64_t count, const char *what)
{
	text_uint(out, count);
	text_format(out, " %s%s", what, count == 1 ? "" : "s");
}

void show_verdict(const struct comparison *comparison, const struct verdict *verdict, struct text *out)
{
	const struct edits *edits = &comparison->edits;

	text_format(out, "%s: ", verdict_words[verdict->status]);
	put_count(out, verdict->differences, "difference");
	if (verdict->groups && verdict->groups < verdict->differences)
		text_format(out, " of %u sort%s", verdict->groups, verdict->groups == 1 ? "" : "s");
	text_put(out, ", ");
	put_count(out, edits->compared, "call");
	text_put(out, " compared");
	if (verdict->slower)
		text_format(out, ", %llu shift%s of time", (unsigned long long)verdict->slower,
			    verdict->slower == 1 ? "" : "s");
	if (verdict->ignored)
		text_format(out, ", %llu ignored by rules", (unsigned long long)verdict->ignored);
	if (verdict->random)
		text_format(out, ", %llu of content drawn at random", (unsigned long long)verdict->random);
	if (edits->unaligned[0] || edits->unaligned[1])
		text_format(out, ", %llu calls against %llu not aligned", (unsigned long long)edits->unaligned[0],
			    (unsigned long long)edits->unaligned[1]);
}

static void show_noise(const struct comparison *comparison, struct text *out)
{
	static const char *const reasons[NOISE_REASONS] = {NULL, "done by another thread or in another turn",
							   "streams cut otherwise", "timers"};
	const uint64_t *noise = comparison->edits.noise;
	bool any = false;

	for (unsigned i = 1; i < NOISE_REASONS; i++) {
		if (!noise[i])
			continue;
		text_format(out, "%s%llu %s", any ? ", " : "not counted: ", (unsigned long long)noise[i], reasons[i]);
		any = true;
	}
	if (any)
		text_char(out, '\n');
}

void show_headline(const struct difference *difference, struct text *out)
{
	text_format(out, "%s", class_names[difference->class]);
	text_format(out, " %s", difference->call);
	if (difference->object)
		text_format(out, " on %s", difference->object);
	if (difference->count > 1)
		text_format(out, " (%u times)", difference->count);
	if (difference->field)
		text_format(out, ": %s", difference->field);
	if (difference->old || difference->new)
		text_format(out, " %s -> %s", difference->old ? difference->old : "nothing",
			    difference->new ? difference->new : "nothing");
	if (difference->explanation)
		text_format(out, "%s%s", difference->field || difference->old ? ", " : ": ", difference->explanation);
}

static void show_site_line(const struct show_style *style, const char *line, char mark, struct text *out)
{
	const char *color = mark == '-' ? COLOR_OLD : mark == '+' ? COLOR_NEW : COLOR_QUIET;

	put_color(out, style, color);
	text_format(out, "     %c %s", mark, line);
	put_color(out, style, COLOR_NORMAL);
	text_char(out, '\n');
}

/* Lines that repeat are said once. */
static void show_lines(const struct show_style *style, char *const *lines, bool backwards, struct text *out)
{
	unsigned repeats = 1;

	for (unsigned i = 0; i < CONTEXT_CALLS; i++) {
		const char *line = lines[backwards ? CONTEXT_CALLS - 1 - i : i];
		const char *next = i + 1 < CONTEXT_CALLS ? lines[backwards ? CONTEXT_CALLS - 2 - i : i + 1] : NULL;
		if (!line)
			continue;
		if (next && !strcmp(line, next)) {
			repeats++;
			continue;
		}
		show_site_line(style, line, ' ', out);
		if (repeats > 1)
			text_format(out, "       (%u times)\n", repeats);
		repeats = 1;
	}
}

static void show_site(const struct show_style *style, const struct site *site, const char *which, struct text *out)
{
	if (site->token == CANON_NONE)
		return;
	put_color(out, style, COLOR_QUIET);
	text_format(out, "   %s: %s, pid %u", which, site->thread ? site->thread : "?", site->pid);
	if (site->tid != site->pid)
		text_format(out, ", tid %u", site->tid);
	text_format(out, ", event %llu", (unsigned long long)site->sequence);
	if (site->time) {
		text_format(out, ", at %llu.", (unsigned long long)(site->time / 1000000000));
		text_uint_padded(out, site->time % 1000000000 / 1000, 6);
	}
	put_color(out, style, COLOR_NORMAL);
	text_char(out, '\n');
}

static void show_difference(const struct show_style *style, const struct difference *difference, uint32_t number,
			    struct text *out)
{
	const struct site *old = &difference->sites[SIDE_OLD], *new = &difference->sites[SIDE_NEW];
	const struct site *from = old->token != CANON_NONE ? old : new;
	bool is_low = difference->class >= CLASS_REORDERED;

	text_format(out, "\n%u. ", number);
	put_color(out, style, is_low ? COLOR_ODD : COLOR_BAD);
	show_headline(difference, out);
	put_color(out, style, COLOR_NORMAL);
	text_char(out, '\n');
	show_site(style, old, "old", out);
	show_site(style, new, "new", out);
	if (!from->line)
		return;
	show_lines(style, from->before, true, out);
	if (old->line)
		show_site_line(style, old->line, '-', out);
	if (new->line)
		show_site_line(style, new->line, '+', out);
	show_lines(style, from->after, false, out);
}

static uint32_t show_differences(const struct comparison *comparison, const struct verdict *verdict,
				 const struct show_style *style, struct text *out)
{
	uint32_t shown = 0, left = 0;

	for (uint32_t i = 0; i < comparison->differences.count; i++) {
		if (!verdict->counts[i])
			continue;
		if (shown == style->limit)
			left++;
		else
			show_difference(style, &comparison->differences.rows[i], ++shown, out);
	}
	return left;
}

/* Chance is told, so that nobody wonders. */
static void show_random(const struct comparison *comparison, struct text *out)
{
	unsigned shown = 0;

	for (uint32_t i = 0; i < comparison->differences.count && shown < 5; i++) {
		const struct difference *difference = &comparison->differences.rows[i];
		if (difference->class != CLASS_RANDOM)
			continue;
		text_format(out, "not counted: %s%s%s (%u times): %s\n", difference->call,
			    difference->object ? " on " : "", difference->object ? difference->object : "",
			    difference->count, difference->explanation ? difference->explanation : "drawn at random");
		shown++;
	}
}

void show_text(const struct comparison *comparison, const struct verdict *verdict, const struct show_style *style,
	       struct text *out)
{
	static const char *const colors[] = {COLOR_GOOD, COLOR_BAD, COLOR_BAD, COLOR_ODD, COLOR_ODD};
	uint32_t left;

	put_color(out, style, colors[verdict->status]);
	show_verdict(comparison, verdict, out);
	put_color(out, style, COLOR_NORMAL);
	text_char(out, '\n');
	for (uint32_t i = 0; i < comparison->notes_count; i++)
		text_format(out, "%s\n", comparison->notes[i]);
	if (style->quiet)
		return;
	show_noise(comparison, out);
	show_random(comparison, out);
	left = show_differences(comparison, verdict, style, out);
	if (left)
		text_format(out, "\n%u more; --limit shows them\n", left);
}

void show_markdown(const struct comparison *comparison, const struct verdict *verdict, const struct show_style *style,
		   struct text *out)
{
	uint32_t shown = 0;

	text_put(out, "### ipctrace diff: ");
	show_verdict(comparison, verdict, out);
	text_put(out, "\n\n");
	for (uint32_t i = 0; i < comparison->notes_count; i++)
		text_format(out, "- %s\n", comparison->notes[i]);
	for (uint32_t i = 0; i < comparison->differences.count && shown < style->limit; i++) {
		const struct difference *difference = &comparison->differences.rows[i];
		if (!verdict->counts[i])
			continue;
		text_format(out, "%u. **%s** ", ++shown, class_severity(difference->class));
		show_headline(difference, out);
		text_put(out, "\n   ```diff\n");
		if (difference->sites[SIDE_OLD].line)
			text_format(out, "   -%s\n", difference->sites[SIDE_OLD].line);
		if (difference->sites[SIDE_NEW].line)
			text_format(out, "   +%s\n", difference->sites[SIDE_NEW].line);
		text_put(out, "   ```\n");
	}
}
