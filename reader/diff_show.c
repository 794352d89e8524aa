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

/* "(12 times in 4 threads)" */
static void show_times(const struct difference *difference, struct text *out)
{
	bool is_counted = difference->class == CLASS_COUNT; /* then the values say how often */

	if (difference->count > 1 && !is_counted)
		text_format(out, " (%u times", difference->count);
	if (difference->threads > 1)
		text_format(out, "%sin %u threads", difference->count > 1 && !is_counted ? " " : " (",
			    difference->threads);
	if ((difference->count > 1 && !is_counted) || difference->threads > 1)
		text_char(out, ')');
}

void show_headline(const struct difference *difference, struct text *out)
{
	text_put(out, class_names[difference->class]);
	/* A thread or process is not about its first call. */
	if (difference->class == CLASS_STRUCTURE && difference->explanation) {
		text_format(out, ": %s", difference->explanation);
		if (difference->threads > 1)
			text_format(out, "; %u like it in all", difference->threads);
		return;
	}
	if (difference->call)
		text_format(out, " %s", difference->call);
	if (difference->object)
		text_format(out, " on %s", difference->object);
	show_times(difference, out);
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

/* What is said of lines that are repeated, behind the last of them. */
static void show_repeats(const struct show_style *style, const struct context *head, struct text *out)
{
	if (head->times < 2)
		return;
	put_color(out, style, COLOR_QUIET);
	if (head->turn > 1)
		text_format(out, "       ... these %u lines %u%s times\n", head->turn, head->times,
			    head->times == CONTEXT_TIMES_MAX ? " and more" : "");
	else
		text_format(out, "       ... %u%s times\n", head->times,
			    head->times == CONTEXT_TIMES_MAX ? " and more" : "");
	put_color(out, style, COLOR_NORMAL);
}

/* In order of time; `lines` has the nearest first, and turns of a loop once. */
static void show_context(const struct show_style *style, const struct context *lines, bool is_before, struct text *out)
{
	const struct context *head = NULL;

	for (unsigned i = 0; i < CONTEXT_CALLS; i++) {
		const struct context *line = &lines[is_before ? CONTEXT_CALLS - 1 - i : i];
		bool is_last;
		if (!line->line)
			continue;
		show_site_line(style, line->line, ' ', out);
		if (is_before) {
			/* The head of a turn is its line nearest to the difference, so the last one here. */
			is_last = line->turn != 0;
			head = line;
		} else {
			head = line->turn ? line : head;
			is_last = i + 1 == CONTEXT_CALLS || !lines[i + 1].line || lines[i + 1].turn;
		}
		if (is_last && head)
			show_repeats(style, head, out);
	}
}

static void show_site(const struct show_style *style, const struct site *site, const char *which, struct text *out)
{
	if (!site->thread)
		return;
	put_color(out, style, COLOR_QUIET);
	text_format(out, "   %s: %s, pid %u", which, site->thread, site->pid);
	if (site->tid != site->pid)
		text_format(out, ", tid %u", site->tid);
	text_format(out, ", %sevent %llu", site->token == CANON_NONE ? "before " : "",
		    (unsigned long long)site->sequence);
	if (site->time) {
		text_format(out, ", at %llu.", (unsigned long long)(site->time / 1000000000));
		text_uint_padded(out, site->time % 1000000000 / 1000, 6);
	}
	put_color(out, style, COLOR_NORMAL);
	text_char(out, '\n');
}

static void show_stack(const struct show_style *style, const struct site *site, struct text *out)
{
	put_color(out, style, COLOR_QUIET);
	for (uint32_t i = 0; i < site->frames_count; i++)
		if (site->frames[i])
			text_format(out, "        > %s\n", site->frames[i]);
	put_color(out, style, COLOR_NORMAL);
}

/* The line of a side, with the stack of what happened first. */
static void show_side(const struct show_style *style, const struct site *site, char mark, bool is_first,
		      struct text *out)
{
	bool is_there = site->token != CANON_NONE;

	if (!site->line || (!is_there && !(is_first && site->frames_count)))
		return;
	if (!is_there)
		text_format(out, "       the %s run goes on with\n", mark == '-' ? "old" : "new");
	show_site_line(style, site->line, is_there ? mark : ' ', out);
	if (is_first)
		show_stack(style, site, out);
}

static void show_difference(const struct show_style *style, const struct comparison *comparison,
			    const struct verdict *verdict, uint32_t index, uint32_t number, struct text *out)
{
	const struct difference *difference = &comparison->differences.rows[index];
	const struct site *old = &difference->sites[SIDE_OLD], *new = &difference->sites[SIDE_NEW];
	const struct site *from = old->token != CANON_NONE ? old : new;
	bool is_low = difference->class >= CLASS_REORDERED, is_first = index == verdict->first;

	text_format(out, "\n%u. ", number);
	put_color(out, style, is_low ? COLOR_ODD : COLOR_BAD);
	show_headline(difference, out);
	put_color(out, style, COLOR_NORMAL);
	text_char(out, '\n');
	if (is_first && verdict->groups > 1)
		text_put(out, "   the first divergence in time\n");
	show_site(style, old, "old", out);
	show_site(style, new, "new", out);
	show_context(style, from->before, true, out);
	show_side(style, old, '-', is_first, out);
	show_side(style, new, '+', is_first, out);
	show_context(style, from->after, false, out);
}

/* What keeps the runs from being compared was said at the top. */
static bool is_shown(const struct comparison *comparison, const struct verdict *verdict, uint32_t index)
{
	return verdict->counts[index] && comparison->differences.rows[index].class != CLASS_INCOMPLETE;
}

/* As many as are asked for, and what happened first. Returns how many there are more. */
static uint32_t show_differences(const struct comparison *comparison, const struct verdict *verdict,
				 const struct show_style *style, struct text *out)
{
	uint32_t number = 0, left = 0;

	for (uint32_t i = 0; i < comparison->differences.count; i++) {
		if (!is_shown(comparison, verdict, i))
			continue;
		number++;
		if (number <= style->limit || (i == verdict->first && style->limit))
			show_difference(style, comparison, verdict, i, number, out);
		else
			left++;
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
		text_format(out, "%s\n", comparison->notes[i].text);
	if (style->quiet)
		return;
	show_noise(comparison, out);
	show_random(comparison, out);
	left = show_differences(comparison, verdict, style, out);
	if (left)
		text_format(out, "\n%u more; --limit shows them\n", left);
}

/* ---- Markdown ------------------------------------------------------------------------------------------------- */

/* As code, so that nothing in it means anything: between more backticks in a row than it has itself. */
static void put_code(struct text *out, const char *string)
{
	size_t longest = 0, own = 0;

	for (const char *at = string; *at; at++) {
		own = *at == '`' ? own + 1 : 0;
		longest = own > longest ? own : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		text_char(out, '`');
	text_format(out, "%s%s%s", longest ? " " : "", string, longest ? " " : "");
	for (size_t i = 0; i <= longest; i++)
		text_char(out, '`');
}

/* All lines begin with a mark, so that none of them can end the block. */
static void mark_site(const struct site *site, char mark, bool is_first, struct text *out)
{
	if (!site->line || (site->token == CANON_NONE && !(is_first && site->frames_count)))
		return;
	text_format(out, "   %c%s\n", site->token == CANON_NONE ? ' ' : mark, site->line);
	for (uint32_t i = 0; is_first && i < site->frames_count; i++)
		text_format(out, "        > %s\n", site->frames[i] ? site->frames[i] : "?");
}

static void mark_context(const struct context *context, struct text *out)
{
	if (context->line)
		text_format(out, "    %s\n", context->line);
}

static void mark_difference(const struct comparison *comparison, const struct verdict *verdict, uint32_t index,
			    uint32_t number, struct text *out)
{
	const struct difference *difference = &comparison->differences.rows[index];
	const struct site *old = &difference->sites[SIDE_OLD], *new = &difference->sites[SIDE_NEW];
	const struct site *from = old->token != CANON_NONE ? old : new;
	bool is_first = index == verdict->first;
	struct text headline = {0};

	show_headline(difference, &headline);
	text_format(out, "%u. **%s**%s ", number, class_severity(difference->class),
		    is_first && verdict->groups > 1 ? ", the first divergence in time:" : "");
	put_code(out, text_string(&headline));
	text_char(out, '\n');
	text_free(&headline);
	if (!from->line)
		return;
	text_format(out, "   ```diff\n");
	for (unsigned i = CONTEXT_CALLS; i--;)
		mark_context(&from->before[i], out);
	mark_site(old, '-', is_first, out);
	mark_site(new, '+', is_first, out);
	for (unsigned i = 0; i < CONTEXT_CALLS; i++)
		mark_context(&from->after[i], out);
	text_put(out, "   ```\n");
}

void show_markdown(const struct comparison *comparison, const struct verdict *verdict, const struct show_style *style,
		   struct text *out)
{
	uint32_t number = 0, left = 0;

	text_put(out, "### ipctrace diff: ");
	show_verdict(comparison, verdict, out);
	text_put(out, "\n\n");
	for (uint32_t i = 0; i < comparison->notes_count; i++) {
		text_put(out, "- ");
		put_code(out, comparison->notes[i].text);
		text_char(out, '\n');
	}
	if (comparison->notes_count)
		text_char(out, '\n');
	for (uint32_t i = 0; i < comparison->differences.count && !style->quiet; i++) {
		if (!is_shown(comparison, verdict, i))
			continue;
		if (++number <= style->limit)
			mark_difference(comparison, verdict, i, number, out);
		else
			left++;
	}
	if (left)
		text_format(out, "\n%u more\n", left);
}
