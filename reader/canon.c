// SPDX-License-Identifier: MIT
/*
 * One pass over a trace: events become tokens, what belongs together is folded, threads and objects are written down.
 */
#include "reader/canon_pass.h"
#include "format/crc32c.h"
#include "reader/canon_port.h"
#include "reader/huge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often progress is told. */
#define PROGRESS_EVENTS (1u << 18)

int pass_make_room(void **array, uint32_t *room, uint32_t count, size_t size)
{
	if (count < *room)
		return 0;
	if (count >= UINT32_MAX / 2)
		return -E2BIG;
	uint32_t wanted = *room ? 2 * *room : 64;
	void *wider = reallocarray(*array, wanted, size);
	if (!wider)
		return -ENOMEM;
	*array = huge_advise(wider, wanted * size);
	*room = wanted;
	return 0;
}

/* ---- folding -------------------------------------------------------------------------------------------------- */

/* What was kept, with the numbers of the run taken out; how much of it there is follows from that. */
static void mask_payload(struct pass *pass, struct fold *fold)
{
	if (!fold->kept.size)
		return;
	pass->scratch.size = 0;
	if (!mask_bytes(&pass->mask, (const uint8_t *)fold->kept.bytes, fold->kept.size, &pass->scratch))
		return;
	uint32_t whole = fold->token.payload;
	fold->token.bytes = pass->scratch.size + fold->behind;
	fold->token.payload = crc32c_update(0, pass->scratch.bytes, pass->scratch.size);
	if (!fold->behind)
		return;
	/* The hash of all and the hash of its beginning give that of the rest. */
	uint32_t begin = crc32c_update(0, fold->kept.bytes, fold->kept.size);
	uint32_t rest = crc32c_combine(begin, whole, fold->behind);
	fold->token.payload = crc32c_combine(fold->token.payload, rest, fold->behind);
}

static int close_fold(struct pass *pass, struct fold *fold)
{
	if (!fold->is_open)
		return 0;
	struct canon_token raw = fold->token;
	fold->is_open = false;
	mask_payload(pass, fold);
	if (pass->details)
		return fold->detail == CANON_NONE ? 0 : pass_noted(pass, fold);
	pass->canon->tokens[fold->index] = fold->token;
	pass_note_thread(pass, &fold->token);
	pass_note_object(pass, &fold->token, &raw, fold->index);
	return 0;
}

/* How much of the beginning of the view's payload is known, and may be kept. */
static uint32_t known_size(const struct fold *fold, const struct canon_view *view, uint32_t limit)
{
	if (fold->behind || !view->text)
		return 0;
	uint64_t room = FOLD_MAX - fold->kept.size, size = view->text->size < room ? view->text->size : room;

	size = size < limit ? size : limit;
	return (uint32_t)(size < view->bytes ? size : view->bytes);
}

static void keep_payload(struct fold *fold, const struct canon_view *view, uint32_t limit)
{
	uint32_t known = known_size(fold, view, limit);

	if (known)
		text_add(&fold->kept, view->text->bytes, known);
	fold->behind += view->bytes - known;
}

/* Whether `view` goes on with what the thread did last: the same call on the same stream. */
static bool continues(const struct fold *fold, const struct canon_view *view)
{
	const struct canon_token *token = &fold->token;

	return fold->is_open && token->flags & TOKEN_STREAM && (view->is_stream || view->is_trim) &&
	       view->objects_count == 1 && !view->failed && !view->has_control && view->bytes &&
	       token->sort->key == view->key && token->sort->objects[0] == view->objects[0]->tag - 1;
}

static uint32_t cap(uint64_t value, uint32_t most)
{
	return value < most ? (uint32_t)value : most;
}

static void continue_fold(const struct pass *pass, struct fold *fold, const struct canon_view *view)
{
	struct canon_token *token = &fold->token;

	token->payload = crc32c_combine(token->payload, view->payload, view->bytes);
	token->bytes += view->bytes;
	token->duration = cap(view->event->duration, UINT32_MAX);
	keep_payload(fold, view, pass->canon->common.payload_limit);
}

static uint32_t flags_of(const struct pass_thread *thread, const struct canon_view *view)
{
	const struct canon_rule *rule = view->rule;
	unsigned flags = 0;

	bool is_transfer = rule->flow.direction && view->is_stream && view->bytes;
	if ((is_transfer || view->is_trim) && !view->failed && !view->has_control && view->objects_count == 1)
		flags |= TOKEN_STREAM;
	if (rule->flow.direction == FLOW_RECEIVED || rule->takes)
		flags |= TOKEN_RECEIVES;
	if (!view->failed && rule->flow.direction == FLOW_SENT)
		flags |= TOKEN_SENDS;
	flags |= thread->is_woken ? TOKEN_WOKEN : 0;
	flags |= thread->is_timer ? TOKEN_TIMER : 0;
	flags |= thread->wakes_itself ? TOKEN_WAKES : 0;
	flags |= view->ends && !view->failed ? TOKEN_ENDS : 0;
	flags |= rule->makes && !view->failed && view->made_result ? TOKEN_MAKES : 0;
	flags |= rule->forks && !view->failed ? TOKEN_FORKS : 0;
	flags |= view->event->call->waits ? TOKEN_WAITS : 0;
	flags |= rule->reaps ? TOKEN_REAPS : 0;
	flags |= rule->sets ? TOKEN_SETTING : 0;
	flags |= view->is_short ? TOKEN_SHORT : 0;
	flags |= view->is_random ? TOKEN_RANDOM : 0;
	return flags;
}

/* Notes that the last object of a registration will be waited for; whether that was known. */
static bool register_again(struct pass *pass, const struct canon_token *token)
{
	uint32_t object = token->sort->objects[token->sort->objects[1] != CANON_NONE];

	if (object == CANON_NONE)
		return false;
	bool was_registered = pass->objects[object].is_registered;
	pass->objects[object].is_missed |= !was_registered && pass->threads[token->sort->thread].missed == object;
	pass->objects[object].is_registered = true;
	return was_registered;
}

static const struct canon_sort *find_sort(struct pass *pass, uint32_t thread, const struct canon_view *view)
{
	const struct event *event = view->event;
	struct canon_sort sort = {.key = view->key,
				  .content = view->content,
				  .objects = {CANON_NONE, CANON_NONE},
				  .thread = thread,
				  .call = (uint16_t)(event->call - event->catalogue->calls),
				  .error = event->error};

	for (unsigned i = 0; i < view->objects_count; i++)
		sort.objects[i] = pass_add_object(pass, view->objects[i]);
	return canon_sort_find(&pass->sorts, &pass->canon->sorts, &sort);
}

/* `sort` is that of the view; NULL: to be found, and told. */
static int begin_token(struct pass *pass, uint32_t thread, const struct canon_view *view,
		       const struct canon_sort **sort)
{
	struct pass_thread *own = &pass->threads[thread];
	const struct event *event = view->event;
	struct fold *fold = &own->fold;
	int rc = close_fold(pass, fold);

	if (!rc && !pass->details)
		rc = MAKE_ROOM(pass->canon->tokens, pass->tokens_room, pass->tokens);
	if (rc)
		return rc;
	if (!*sort)
		*sort = find_sort(pass, thread, view);
	if (!*sort)
		return -ENOMEM;
	fold->token = (struct canon_token){.enter = event->enter,
					   .sort = *sort,
					   .bytes = view->bytes,
					   .flags = flags_of(own, view),
					   .payload = view->payload,
					   .duration = cap(event->duration, UINT32_MAX)};
	fold->token.flags |= pass_is_due(pass, thread, event->enter) ? TOKEN_DUE : 0;
	own->is_woken = own->wakes_itself = false;
	own->registers_anew = view->rule->registers && register_again(pass, &fold->token);
	own->missed = CANON_NONE;
	fold->is_open = true;
	fold->kept.size = 0;
	fold->behind = 0;
	fold->detail = CANON_NONE;
	keep_payload(fold, view, pass->canon->common.payload_limit);
	fold->index = pass->tokens++;
	struct canon_thread *counted = &pass->canon->threads[thread];
	if (counted->first == CANON_NONE)
		counted->first = fold->index;
	counted->tokens++;
	return 0;
}

/* ---- events --------------------------------------------------------------------------------------------------- */

static bool is_ipc(unsigned kind)
{
	return kind == KIND_MSQID || kind == KIND_SEMID || kind == KIND_SHMID;
}

static int note_time(struct pass *pass, struct canon_memo *memo)
{
	const struct canon_view *view = &memo->view;
	const struct event *event = view->event;
	int rc = 0;

	if (!memo->has_spans)
		rc = call_times_find(&pass->canon->times, (uint32_t)(event->call - event->catalogue->calls),
				     view->objects_count ? view->objects[0]->role : NULL, &memo->spans);
	memo->has_spans = !rc;
	if (!rc && memo->spans)
		histogram_add(memo->spans, (uint64_t)((double)event->duration * pass->ns_per_tick));
	return rc;
}

/* Whose event it is, as a number of the canon. */
static int find_thread(struct pass *pass, const struct event *event, uint32_t *thread)
{
	uint32_t pid = identity_event_pid(event);
	struct object *object = identity_thread_object(pass->identities, pid, pid == event->pid ? event->tid : pid);
	int rc = object ? 0 : -ENOMEM;

	if (!rc && !object->tag)
		rc = pass_add_thread(pass, object);
	if (!rc)
		*thread = (uint32_t)object->tag - 1;
	return rc;
}

/*
 * What is known of an event like that of `entry`: kept, or in `fresh`, which is then begun. As long as no object and no
 * number of the run comes and goes, views are good.
 */
static int find_memo(struct pass *pass, const struct trace_entry *entry, struct canon_memo *fresh,
		     struct canon_memo **memo)
{
	uint64_t stamp = identity_epoch(pass->identities) + pass->mask.ipc.count;
	struct canon_memo *kept = canon_memo_find(&pass->memos, entry);

	*memo = kept ? kept : fresh;
	if (kept && canon_memo_fits(kept, entry, stamp))
		return 0;
	(*memo)->serial = entry->serial;
	(*memo)->stamp = stamp;
	(*memo)->result = entry->event->result;
	(*memo)->has_view = (*memo)->has_spans = false;
	(*memo)->sort = NULL;
	return find_thread(pass, entry->event, &(*memo)->thread);
}

static int take_view(struct pass *pass, struct canon_memo *memo, const struct trace_entry *entry)
{
	const struct canon_view *view = &memo->view;
	struct fold *fold;
	int rc = 0;

	if (!pass->details && !view->event->error)
		rc = note_time(pass, memo);
	if (!rc && view->rule->signals)
		rc = pass_note_signal(pass, memo->thread, view);
	if (rc)
		return rc;
	/* not before: who is told something may be a new thread, for which they are moved */
	fold = &pass->threads[memo->thread].fold;
	if (continues(fold, view))
		continue_fold(pass, fold, view);
	else
		rc = begin_token(pass, memo->thread, view, &memo->sort);
	if (!rc && view->rule->flow.direction && view->is_stream && !view->failed)
		pass_note_pipe(pass, view);
	if (!rc && view->rule->makes && !view->made_result && !view->failed)
		rc = pass_note_made(pass, view, fold->index);
	if (!rc && pass->details)
		rc = pass_note(pass, fold, view, entry);
	return rc;
}

/* The thread has asked for something, and there was nothing to be had at once. */
static void note_vain(struct pass *pass, uint32_t thread, const struct event *event)
{
	const struct object *subject = identity_subject(pass->identities, event);

	if (event->error != EAGAIN || !subject || !subject->tag)
		return;
	pass->threads[thread].missed = (uint32_t)subject->tag - 1;
	pass->objects[subject->tag - 1].is_vain = true;
}

static int take_event(struct pass *pass, const struct trace_entry *entry)
{
	const struct event *event = entry->event;
	const struct canon_rule *rule = &pass->rules[event->call - event->catalogue->calls];
	struct canon_memo fresh, *memo;
	int rc = find_memo(pass, entry, &fresh, &memo);

	if (rc)
		return rc;
	if (canon_is_retry(rule, event)) {
		if (rule->is_wait)
			pass_note_wait(pass, memo->thread, rule, event);
		else
			note_vain(pass, memo->thread, event);
		return 0;
	}
	if (!event->error && event->result >= 0 && is_ipc(event->call->result.kind))
		mask_add_ipc(&pass->mask, (uint32_t)event->result);
	if (memo->has_view)
		canon_view_renew(&memo->view, event);
	else
		canon_view_make(&memo->view, rule, event, pass->identities, &pass->mask, &pass->scratch);
	memo->has_view = true;
	return take_view(pass, memo, entry);
}

/* An image that replaced another one: an exec that the other run did without. */
static bool is_exec(const struct trace_entry *entry)
{
	return entry->kind == TRACE_PROCESS && entry->process->origin == PROCESS_EXEC;
}

/* Whether the next event stands for none of the other run. */
static bool is_left_out(const struct pass *pass)
{
	const struct canon_scope *scope = pass->canon->scope;

	return scope && pass->events < scope->events && scope->left_out[pass->events];
}

/* What the other run did not record must not make the names of this one better. */
static bool is_enabled(const struct pass *pass, const struct trace_entry *entry)
{
	const uint8_t *enabled = pass->canon->enabled;

	if (pass->canon->scope && is_exec(entry))
		return false;
	return !enabled || entry->kind != TRACE_EVENT || enabled[entry->event->call - entry->event->catalogue->calls];
}

static int run_entries(struct pass *pass)
{
	struct trace_entry entry;
	int rc;

	while ((rc = trace_next(pass->trace, &entry)) == 0) {
		bool is_taken = is_enabled(pass, &entry);
		rc = is_taken ? identity_feed(pass->identities, &entry) : 0;
		if (!rc && entry.kind == TRACE_THREAD)
			rc = pass_note_start(pass, entry.thread);
		if (!rc && entry.kind == TRACE_EVENT && is_taken && !is_left_out(pass))
			rc = take_event(pass, &entry);
		if (rc)
			return rc;
		if (entry.kind == TRACE_EVENT && ++pass->events % PROGRESS_EVENTS == 0 && pass->progress)
			pass->progress->say(pass->progress->context, pass->events);
		if (pass->details && pass->next_detail == pass->details_count && !pass->noting)
			return 0;
	}
	return rc == TRACE_E_END ? 0 : rc;
}

static int prepare_mask(struct pass *pass)
{
	const struct log_head *head = trace_head(pass->trace);
	const struct canon_common *common = &pass->canon->common;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < common->pids_count; i++)
		rc = mask_add_pid(&pass->mask, common->pids[i]);
	for (uint32_t i = 0; !rc && i < common->ports_count; i++)
		rc = mask_add_port(&pass->mask, common->ports[i], true);
	if (!rc)
		rc = ports_add(&pass->mask, common->seen);
	if (pass->canon->scope) {
		pass->mask.renamed = pass->canon->scope->renamed;
		pass->mask.renamed_size = pass->canon->scope->renamed_size;
	}
	pass->mask.second = head ? head->created / 1000000000 : 0;
	return rc;
}

/*
 * Room for all tokens there can be, in one piece: pages that are not written cost nothing, and growing by doubling
 * would copy them all. Where so much is not to be had they are made room for as they come.
 */
static void reserve_tokens(struct pass *pass)
{
	uint64_t most = trace_events(pass->trace);

	if (pass->details || !most || most >= UINT32_MAX / 2)
		return;
	pass->canon->tokens = huge_alloc(most * sizeof(*pass->canon->tokens));
	pass->tokens_room = pass->canon->tokens ? (uint32_t)most : 0;
}

int pass_run(struct pass *pass)
{
	int rc;

	reserve_tokens(pass);
	crc32c_prepare();
	pass->rules = canon_rules_make(trace_catalogue(pass->trace));
	pass->ns_per_tick = trace_ticks_per_ns(pass->trace) > 0 ? 1 / trace_ticks_per_ns(pass->trace) : 1;
	pass->canon->times.calls = trace_catalogue(pass->trace)->calls_count;
	rc = pass->rules ? identity_new(&pass->identities, trace_catalogue(pass->trace)) : -ENOMEM;
	if (!rc)
		rc = prepare_mask(pass);
	if (!rc) {
		identity_watch(pass->identities, pass_write_down, pass);
		pass->lines.identities = pass->identities;
		if (pass->details)
			lines_begin(&pass->lines);
		rc = run_entries(pass);
	}
	for (uint32_t i = 0; i < pass->threads_count; i++) {
		if (!rc)
			rc = close_fold(pass, &pass->threads[i].fold);
		text_free(&pass->threads[i].fold.kept);
	}
	if (!rc)
		identity_finish(pass->identities);
	identity_free(pass->identities);
	if (!pass->details) {
		pass->canon->ports = pass->mask.ports;
		pass->mask.ports = (struct map){0};
	}
	mask_clear(&pass->mask);
	text_free(&pass->scratch);
	canon_sorts_free(&pass->sorts);
	canon_memos_free(&pass->memos);
	index_free(&pass->starts);
	free(pass->start);
	free(pass->threads);
	free(pass->rules);
	return rc;
}

int canon_make(struct canon *canon, struct trace *trace, const uint8_t *enabled, const struct canon_scope *scope,
	       const struct canon_common *common, const struct canon_progress *progress)
{
	struct pass pass = {.canon = canon, .trace = trace, .progress = progress};
	int rc;

	*canon = (struct canon){.catalogue = trace_catalogue(trace),
				.enabled = enabled,
				.scope = scope,
				.common = *common,
				.sorts = {.budget = SIZE_MAX},
				.trace = trace};
	rc = pass_run(&pass);
	canon->tokens_count = pass.tokens;
	canon->objects = pass.objects;
	canon->objects_count = pass.objects_count;
	canon->events = pass.events;
	if (!rc)
		rc = canon_finish_threads(canon);
	if (rc)
		canon_free(canon);
	return rc;
}

void canon_free(struct canon *canon)
{
	for (uint32_t i = 0; i < canon->objects_count; i++) {
		free(canon->objects[i].name);
		free(canon->objects[i].shown);
	}
	for (uint32_t i = 0; i < canon->threads_count; i++) {
		free(canon->threads[i].name);
		free(canon->threads[i].image);
	}
	call_times_free(&canon->times);
	map_clear(&canon->ports);
	free(canon->objects);
	free(canon->threads);
	free(canon->tokens);
	arena_free(&canon->sorts);
	*canon = (struct canon){0};
}
