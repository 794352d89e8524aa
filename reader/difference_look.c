// SPDX-License-Identifier: MIT
/*
 * The places of differences, looked up in both traces: lines, context, and which field it is that differs.
 */
#include "reader/diff_place.h"
#include "reader/difference.h"
#include "reader/difference_alike.h"
#include "reader/difference_chance.h"
#include "reader/difference_frame.h"
#include "reader/difference_permuted.h"
#include "reader/line.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct looking {
	struct differences *differences;
	uint32_t count;
	const struct edits *edits;
	const struct pairing *pairing;
	const struct strands *strands;
	struct canon_detail *details[SIDES];
	uint32_t details_count[SIDES];
	struct map pids[SIDES];
	struct symbols *symbols;
};

static int compare_details(const void *left, const void *right)
{
	const struct canon_detail *a = left, *b = right;

	return a->token < b->token ? -1 : a->token > b->token;
}

static struct canon_detail *find_detail(const struct looking *looking, unsigned side, uint32_t token)
{
	struct canon_detail wanted = {.token = token};

	if (token == CANON_NONE)
		return NULL;
	return bsearch(&wanted, looking->details[side], looking->details_count[side], sizeof(wanted), compare_details);
}

/* ---- what is looked at ---------------------------------------------------------------------------------------- */

/* A call near another one, and how often it and those behind it are repeated; see struct context. */
struct place {
	uint32_t token; /* CANON_NONE: there is none */
	uint32_t turn, times;
};

/* What comes before (`step` -1) or after a token in its strand, nearest first; turns of a loop once. */
static void find_context(const struct looking *looking, unsigned side, uint32_t token, int step,
			 struct place places[CONTEXT_CALLS])
{
	const struct strands *strands = &looking->strands[side];
	uint32_t own = strands->of_token[token], filled = 0;
	int64_t from = strands->rows[own].from, to = from + strands->rows[own].count;
	int64_t at = (int64_t)strands_place(strands, token) + step;

	while (filled < CONTEXT_CALLS && at >= from && at < to) {
		uint32_t turn = 0, times = 1;
		while (times < 2 && ++turn <= CONTEXT_CALLS - filled)
			times = strands_turns(strands, own, at, step, turn, CONTEXT_TIMES_MAX);
		if (times < 2)
			turn = times = 1;
		for (uint32_t i = 0; i < turn; i++)
			places[filled + i] = (struct place){strands->list[at + (int64_t)i * step], i ? 0 : turn, times};
		filled += turn;
		at += (int64_t)turn * times * step;
	}
	for (; filled < CONTEXT_CALLS; filled++)
		places[filled] = (struct place){CANON_NONE, 0, 0};
}

/* The tokens of one difference; returns how many. */
static uint32_t list_site(const struct looking *looking, unsigned side, const struct site *site,
			  struct canon_detail *details)
{
	struct place places[CONTEXT_CALLS];
	uint32_t count = 0;

	if (site->token == CANON_NONE) {
		details[0].token = site->next;
		return site->next != CANON_NONE;
	}
	details[count++].token = site->token;
	for (int step = -1; step <= 1; step += 2) {
		find_context(looking, side, site->token, step, places);
		for (unsigned i = 0; i < CONTEXT_CALLS && places[i].token != CANON_NONE; i++)
			details[count++].token = places[i].token;
	}
	return count;
}

/* Pieces that are looked at for the edits that stand for them. */
#define RECUT_MAX 256u

static uint32_t list_recut(const struct looking *looking, unsigned side, struct canon_detail *details)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < looking->edits->count && count < RECUT_MAX; i++) {
		const struct edit *edit = &looking->edits->rows[i];
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		if (edit->is_recut && edit->noise && token != CANON_NONE)
			details[count++].token = token;
	}
	return count;
}

/* All tokens that lines are needed of, each once, in order. */
static int list_details(struct looking *looking, unsigned side)
{
	struct canon_detail *details =
		calloc(looking->count * (1 + 2 * CONTEXT_CALLS) + RECUT_MAX + 1ull, sizeof(*details));
	uint32_t count = 0, kept = 0;

	if (!details)
		return -ENOMEM;
	for (uint32_t i = 0; i < looking->count; i++)
		count += list_site(looking, side, &looking->differences->rows[i].sites[side], details + count);
	count += list_recut(looking, side, details + count);
	qsort(details, count, sizeof(*details), compare_details);
	for (uint32_t i = 0; i < count; i++)
		if (!i || details[i].token != details[i - 1].token)
			details[kept++].token = details[i].token;
	looking->details[side] = details;
	looking->details_count[side] = kept;
	return canon_look(looking->pairing->canons[side], details, kept);
}

/* ---- places --------------------------------------------------------------------------------------------------- */

static char *line_of(const struct looking *looking, unsigned side, uint32_t token)
{
	const struct canon_detail *detail = find_detail(looking, side, token);

	return detail && detail->line ? strdup(detail->line) : NULL;
}

static void fill_context(const struct looking *looking, unsigned side, uint32_t token, int step,
			 struct context context[CONTEXT_CALLS])
{
	struct place places[CONTEXT_CALLS];

	find_context(looking, side, token, step, places);
	for (unsigned i = 0; i < CONTEXT_CALLS; i++)
		context[i] = (struct context){line_of(looking, side, places[i].token), places[i].turn, places[i].times};
}

/* Frames of a stack that are kept. */
#define FRAMES_MAX 64u

static void fill_stack(const struct looking *looking, struct trace *trace, const struct canon_token *token,
		       const struct canon_detail *detail, struct site *site)
{
	uint32_t depth = 0;
	const uint64_t *frames = detail->stack ? trace_stack(trace, detail->pid, detail->stack, &depth) : NULL;

	site->frames = frames ? calloc(FRAMES_MAX, sizeof(*site->frames)) : NULL;
	for (uint32_t i = 0; site->frames && i < depth && i < FRAMES_MAX; i++) {
		struct text text = {0};
		frame_print(trace, looking->symbols, detail->pid, token->enter, frames[i], &text);
		site->frames[site->frames_count++] = strdup(text_string(&text));
		text_free(&text);
	}
}

static void fill_site(const struct looking *looking, unsigned side, struct site *site)
{
	const struct canon *canon = looking->pairing->canons[side];
	uint32_t which = site->token == CANON_NONE ? site->next : site->token;
	const struct canon_detail *detail = find_detail(looking, side, which);

	if (which == CANON_NONE)
		return;
	const struct canon_token *token = &canon->tokens[which];
	site->thread = thread_shown(canon, token->sort->thread);
	site->pid = canon->threads[token->sort->thread].pid;
	site->tid = canon->threads[token->sort->thread].tid;
	if (!detail)
		return;
	site->sequence = detail->sequence;
	site->time = detail->time;
	site->line = line_of(looking, side, which);
	fill_stack(looking, canon->trace, token, detail, site);
	if (site->token == CANON_NONE)
		return;
	fill_context(looking, side, site->token, -1, site->before);
	fill_context(looking, side, site->token, 1, site->after);
}

/* ---- fields --------------------------------------------------------------------------------------------------- */

static uint64_t identifier_of(const struct looking *looking, unsigned side, const struct canon_token *token,
			      int8_t which)
{
	uint32_t object = which < 0 || which > 1 ? CANON_NONE : token->sort->objects[which];

	return object == CANON_NONE ? 0 : looking->pairing->identifiers[side][object];
}

static const struct canon_field *find_field(const struct canon_detail *detail, const char *name)
{
	for (uint32_t i = 0; i < detail->fields_count; i++)
		if (!strcmp(detail->fields[i].name, name))
			return &detail->fields[i];
	return NULL;
}

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void set_field(struct difference *difference, const char *field, const char *old, const char *new)
{
	difference->field = strdup(field);
	difference->old = copy_text(old);
	difference->new = copy_text(new);
}

/* The name of an object in a field is its name in the trace and not a number. */
static const char *field_text(const struct looking *looking, unsigned side, const struct canon_field *field,
			      const struct canon_token *token)
{
	uint32_t object = field->object < 0 || field->object > 1 ? CANON_NONE : token->sort->objects[field->object];

	return object == CANON_NONE ? field->text : looking->pairing->canons[side]->objects[object].shown;
}

/* The first field that differs; false when none does. */
static bool find_changed_field(const struct looking *looking, struct difference *difference,
			       const struct canon_detail *const details[SIDES],
			       const struct canon_token *const tokens[SIDES])
{
	for (uint32_t i = 0; i < details[SIDE_OLD]->fields_count; i++) {
		const struct canon_field *old = &details[SIDE_OLD]->fields[i];
		const struct canon_field *new = find_field(details[SIDE_NEW], old->name);
		if (!new) {
			if (strcmp(old->name, "result") && strcmp(old->name, "errno"))
				continue;
			new = &details[SIDE_NEW]->fields[details[SIDE_NEW]->fields_count - 1];
			set_field(difference, "result", old->text, new->text);
			return true;
		}
		bool is_object = old->object >= 0 || new->object >= 0;
		bool differs = is_object ? identifier_of(looking, SIDE_OLD, tokens[0], old->object) !=
						   identifier_of(looking, SIDE_NEW, tokens[1], new->object)
					 : old->hash != new->hash;
		if (!differs)
			continue;
		set_field(difference, old->name, field_text(looking, SIDE_OLD, old, tokens[0]),
			  field_text(looking, SIDE_NEW, new, tokens[1]));
		return true;
	}
	return false;
}

/* A few bytes from where they differ. */
static char *show_bytes(const uint8_t *bytes, uint32_t size, uint32_t from)
{
	struct text text = {0};
	uint32_t begin = from > 8 ? from - 8 : 0, end = from + 24 < size ? from + 24 : size;

	text_put(&text, begin ? "...\"" : "\"");
	if (begin < end)
		text_escape(&text, bytes + begin, end - begin);
	text_put(&text, end < size ? "\"..." : "\"");
	char *shown = strdup(text_string(&text));
	text_free(&text);
	return shown;
}

static void describe_payload(struct difference *difference, const struct canon_detail *const details[SIDES],
			     const struct canon_token *const tokens[SIDES])
{
	uint32_t shared = details[0]->kept_size < details[1]->kept_size ? details[0]->kept_size : details[1]->kept_size;
	uint32_t at = 0;

	while (at < shared && details[0]->kept[at] == details[1]->kept[at])
		at++;
	bool is_beyond = at == shared && (details[0]->is_cut || details[1]->is_cut);
	bool is_prefix = at == shared && !is_beyond;
	free(difference->field);
	difference->field = strdup("payload");
	if (at < shared && difference->class == CLASS_BYTES)
		difference->class = CLASS_PAYLOAD;
	if (difference->class != CLASS_PAYLOAD || is_prefix) {
		if (asprintf(&difference->old, "%llu bytes", (unsigned long long)tokens[0]->bytes) < 0)
			difference->old = NULL;
		if (asprintf(&difference->new, "%llu bytes", (unsigned long long)tokens[1]->bytes) < 0)
			difference->new = NULL;
	} else if (!is_beyond) {
		difference->old = show_bytes(details[0]->kept, details[0]->kept_size, at);
		difference->new = show_bytes(details[1]->kept, details[1]->kept_size, at);
	}
	int rc = is_beyond ? asprintf(&difference->explanation, "differs beyond what was kept (%u bytes)", shared)
			   : asprintf(&difference->explanation, "first difference at byte %u", at);
	if (rc < 0)
		difference->explanation = NULL;
}

static void describe_change(const struct looking *looking, struct difference *difference)
{
	const struct edit *edit = &looking->edits->rows[difference->edit];
	const struct canon_token *tokens[SIDES] = {&looking->pairing->canons[0]->tokens[edit->old],
						   &looking->pairing->canons[1]->tokens[edit->new]};
	const struct canon_detail *details[SIDES] = {find_detail(looking, SIDE_OLD, edit->old),
						     find_detail(looking, SIDE_NEW, edit->new)};

	if (!details[0] || !details[1] || !details[0]->fields_count || !details[1]->fields_count)
		return;
	if (!pairing_same_call(looking->pairing, tokens[0], tokens[1])) {
		set_field(difference, "call", looking->pairing->canons[0]->catalogue->calls[tokens[0]->sort->call].name,
			  looking->pairing->canons[1]->catalogue->calls[tokens[1]->sort->call].name);
		return;
	}
	bool is_content = difference->class == CLASS_PAYLOAD || difference->class == CLASS_BYTES ||
			  difference->class == CLASS_SHORT || difference->class == CLASS_RANDOM;
	if (is_content)
		describe_payload(difference, details, tokens);
	else if (difference->class == CLASS_RESULT)
		set_field(difference, "errno", details[0]->fields[details[0]->fields_count - 1].text,
			  details[1]->fields[details[1]->fields_count - 1].text);
	else if (find_changed_field(looking, difference, details, tokens) && !strcmp(difference->field, "result"))
		difference->class = CLASS_RESULT;
	const struct judged judged = {.edit = edit,
				      .pairing = looking->pairing,
				      .strands = looking->strands,
				      .pids = looking->pids,
				      .details = details,
				      .tokens = tokens};
	difference_judge_chance(difference, &judged);
}

static const char *const only_on[SIDES] = {[SIDE_OLD] = "is missing", [SIDE_NEW] = "is new"};

static char *explain_thread(const struct canon_thread *thread, unsigned side)
{
	char *said;

	return asprintf(&said, "%s %s %s, with %u call%s", thread->is_process ? "process" : "thread", thread->name,
			only_on[side], thread->tokens, thread->tokens == 1 ? "" : "s") < 0
		       ? NULL
		       : said;
}

static char *explain_session(const struct canon *canon, const struct strand *strand, unsigned side)
{
	char *said;

	return asprintf(&said, "connection %s %s, with %u call%s", canon->objects[strand->object].shown, only_on[side],
			strand->count, strand->count == 1 ? "" : "s") < 0
		       ? NULL
		       : said;
}

static void explain(const struct looking *looking, struct difference *difference)
{
	const struct edit *edit = &looking->edits->rows[difference->edit];

	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon *canon = looking->pairing->canons[side];
		uint32_t own = edit->strands[side], token = side == SIDE_OLD ? edit->old : edit->new;
		if (token == CANON_NONE || difference->explanation || edit->kind == EDIT_MOVED)
			continue;
		if (difference->class == CLASS_STRUCTURE)
			difference->explanation =
				explain_thread(&canon->threads[canon->tokens[token].sort->thread], side);
		else if (own != CANON_NONE && edit->strands[!side] == CANON_NONE &&
			 looking->strands[side].rows[own].kind == STRAND_SESSION)
			difference->explanation = explain_session(canon, &looking->strands[side].rows[own], side);
	}
	if (difference->class == CLASS_LEAK && !difference->explanation)
		difference->explanation = strdup("nothing ends it in the new run");
}

struct side_reading {
	struct looking *looking;
	unsigned side;
	int rc;
};

static void *read_side(void *argument)
{
	struct side_reading *reading = argument;

	reading->rc = list_details(reading->looking, reading->side);
	return NULL;
}

/* The traces are separate, and each is gone through once more: at the same time. */
static int read_sides(struct looking *looking)
{
	struct side_reading old = {looking, SIDE_OLD, 0}, new = {looking, SIDE_NEW, 0};
	pthread_t thread;
	bool is_parallel = !pthread_create(&thread, NULL, read_side, &new);

	read_side(&old);
	if (is_parallel)
		pthread_join(thread, NULL);
	else
		read_side(&new);
	return old.rc ? old.rc : new.rc;
}

int differences_look(struct differences *differences, uint32_t count, const struct edits *edits,
		     const struct pairing *pairing, const struct strands strands[SIDES])
{
	struct looking looking = {.differences = differences,
				  .count = count < differences->count ? count : differences->count,
				  .edits = edits,
				  .pairing = pairing,
				  .strands = strands};
	int rc = symbols_new(&looking.symbols);

	if (!rc)
		rc = read_sides(&looking);
	for (unsigned side = 0; !rc && side < SIDES; side++)
		for (uint32_t i = 0; !rc && i < pairing->canons[side]->threads_count; i++)
			rc = map_put(&looking.pids[side], pairing->canons[side]->threads[i].pid, &looking);
	for (uint32_t i = 0; !rc && i < looking.count; i++) {
		struct difference *difference = &differences->rows[i];
		fill_site(&looking, SIDE_OLD, &difference->sites[SIDE_OLD]);
		fill_site(&looking, SIDE_NEW, &difference->sites[SIDE_NEW]);
		if (edits->rows[difference->edit].kind == EDIT_CHANGED)
			describe_change(&looking, difference);
		explain(&looking, difference);
		difference->has_details = true;
	}
	if (!rc)
		differences_judge_alike(differences, looking.count);
	if (!rc)
		rc = differences_reframe(differences, looking.count, edits, pairing, looking.details,
					 looking.details_count);
	if (!rc)
		rc = differences_permute(differences, looking.count, edits, pairing, looking.details,
					 looking.details_count);
	if (!rc)
		differences_judge_rest(differences, looking.count);
	if (!rc)
		rc = differences_join_alike(differences, edits, pairing);
	for (unsigned side = 0; side < SIDES; side++)
		canon_details_free(looking.details[side], looking.details_count[side]);
	for (unsigned side = 0; side < SIDES; side++)
		map_clear(&looking.pids[side]);
	symbols_free(looking.symbols);
	return rc;
}
