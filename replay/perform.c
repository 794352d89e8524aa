// SPDX-License-Identifier: MIT
/*
 * One act: wait for what must come before, wait for its time, make the call with live arguments (argument.c), look at
 * what came of it, remember what it made.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "format/catalogue.h"
#include "format/crc32c.h"
#include "replay/issue.h"
#include "replay/perform.h"
#include "replay/player.h"
#include "replay/raw.h"

/* "Not yet" is tried again for so long, and every so often, ns. */
#define RETRY_FOR   5000000000ull
#define RETRY_EVERY 50000ull

void crc32c_tables_make(void)
{
	crc32c_prepare();
}

/* ---- before --------------------------------------------------------------------------------------------------- */

static void state_set(struct player_thread *thread, enum player_state state)
{
	atomic_store_explicit(&thread->progress->since, player_now(), memory_order_relaxed);
	atomic_store_explicit(&thread->progress->state, state, memory_order_relaxed);
}

static void edges_wait(struct player_thread *thread, const struct score_act *act)
{
	struct score *score = thread->player->score;

	for (uint16_t i = 0; i < act->edges_count; i++) {
		const struct score_edge *edge = SCORE_AT(score, edges, const struct score_edge) + act->edges + i;
		struct score_progress *other = score_progress(score, edge->part);
		if (atomic_load_explicit(&other->done, memory_order_acquire) >= edge->count)
			continue;
		atomic_store_explicit(&thread->progress->edge, act->edges + i, memory_order_relaxed);
		state_set(thread, PLAYER_WAITS);
		part_wait(thread, edge->part, edge->count);
	}
}

/* When the act is due, CLOCK_MONOTONIC ns; 0: at once. */
static uint64_t act_due(const struct player_thread *thread, const struct score_act *act)
{
	const struct score *score = thread->player->score;
	uint64_t gap;

	if (score->speed <= 0)
		return 0;
	if (!score->keeps_think)
		return score->begun + (uint64_t)((double)act->enter / score->speed);
	gap = act->enter > thread->last_recorded ? act->enter - thread->last_recorded : 0;
	return thread->last_end + (uint64_t)((double)gap / score->speed);
}

static void due_wait(struct player_thread *thread, uint64_t due)
{
	if (!due || due <= player_now())
		return;
	atomic_store_explicit(&thread->progress->due, due, memory_order_relaxed);
	state_set(thread, PLAYER_PACED);
	for (uint64_t now; (now = player_now()) + OWNER_LOOK_EVERY < due; player_look(thread->player))
		player_sleep(now + OWNER_LOOK_EVERY);
	player_sleep(due);
}

/* The other end takes as long as it took. */
static void feeds_wait(struct player_thread *thread, const struct score_act *act)
{
	const struct score *score = thread->player->score;

	if (act->feeds_count && act->flags & ACT_WAITED && score->speed > 0)
		due_wait(thread, player_now() + (uint64_t)((double)(act->end - act->enter) / score->speed));
}

/* ---- the call ------------------------------------------------------------------------------------------------- */

static bool is_not_yet(const struct score_act *act, int64_t result, int error)
{
	const struct call_spec *call = &catalogue_builtin.calls[act->call];

	if (!(act->flags & ACT_RETRY))
		return false;
	if (!call_failed(call, result))
		return result == 0 && act->result > 0 && (act->flags & ACT_READY || call->result.kind == KIND_PID);
	return error == EAGAIN || error == ENOMSG || error == EINTR || error == ECONNREFUSED || error == EALREADY;
}

/* The argument that is filled as far as the call returns, or -1. */
static int filled_arg(const struct call_spec *call)
{
	for (unsigned arg = 0; arg + 1 < call->argc; arg++)
		if (call->args[arg].value.kind == KIND_BYTES && call->args[arg].value.length == LENGTH_RETURN &&
		    call->args[arg].value.direction == DIRECTION_OUT)
			return (int)arg;
	return -1;
}

static int64_t call_once(struct player_thread *thread, const struct score_act *act, int *error)
{
	const struct call_spec *call = &catalogue_builtin.calls[act->call];
	int64_t result;

	errno = 0;
	thread->calls++;
	result = issue_rows[act->call].call(thread->words);
	*error = call->failure == FAILURE_ERRNO ? (int)result : errno;
	return result;
}

/* A stream may come in other pieces than it did: go on until it is as much. */
static int64_t call_rest(struct player_thread *thread, const struct score_act *act, int64_t so_far)
{
	int arg = filled_arg(&catalogue_builtin.calls[act->call]), error;
	uint64_t give_up = player_now() + RETRY_FOR;
	int64_t result;

	while (arg >= 0 && so_far < act->result && player_now() < give_up) {
		uint64_t words[2] = {thread->words[arg], thread->words[arg + 1]};
		thread->words[arg] += (uint64_t)so_far;
		thread->words[arg + 1] = (uint64_t)(act->result - so_far);
		result = call_once(thread, act, &error);
		thread->words[arg] = words[0];
		thread->words[arg + 1] = words[1];
		if (result > 0)
			so_far += result;
		else if (result == 0 || (error != EAGAIN && error != EINTR))
			break;
		else
			player_sleep(player_now() + RETRY_EVERY);
	}
	return so_far;
}

/* Calls with several buffers cannot go on in the middle: all must be there first. */
static void stream_wait(struct player_thread *thread, const struct score_act *act, uint32_t slot)
{
	uint64_t give_up = player_now() + RETRY_FOR;
	int there = 0;

	if (!(act->flags & ACT_STREAM) || slot == SCORE_NONE || filled_arg(&catalogue_builtin.calls[act->call]) >= 0)
		return;
	while (!RAW_3(ioctl, thread->player->fds[slot], FIONREAD, &there) && there < act->result &&
	       player_now() < give_up)
		player_sleep(player_now() + RETRY_EVERY);
}

static int64_t act_call(struct player_thread *thread, const struct score_act *act,
			const struct score_template *template, int *error)
{
	uint64_t give_up = 0;
	int64_t result;

	stream_wait(thread, act, arguments_slot(template));
	for (;;) {
		result = call_once(thread, act, error);
		if (!is_not_yet(act, result, *error))
			break;
		if (!give_up)
			give_up = player_now() + RETRY_FOR;
		if (player_now() > give_up)
			break;
		player_sleep(player_now() + RETRY_EVERY);
		arguments_make(thread, template);
	}
	if (act->flags & ACT_STREAM && result > 0 && result < act->result)
		result = call_rest(thread, act, result);
	return result;
}

/* ---- after ---------------------------------------------------------------------------------------------------- */

static void stores_do(struct player_thread *thread, const struct score_template *template, int64_t result)
{
	const struct score_store *stores = template_stores(template);
	struct player *player = thread->player;

	for (uint32_t i = 0; i < template->stores; i++) {
		int32_t number = (int32_t)result;
		if (stores[i].at != STORE_RESULT)
			memcpy(&number, thread->scratch + stores[i].at, sizeof(number));
		if (stores[i].kind == STORE_FD)
			slot_set(player, stores[i].what, number);
		else if (stores[i].kind == STORE_ID)
			SCORE_AT(player->score, ids, int32_t)[stores[i].what] = number;
		else
			player->places[stores[i].what] = (uint64_t)result;
	}
}

static bool payload_equal(const struct player_thread *thread, const struct score_template *template)
{
	const struct score_check *checks = template_checks(template);
	const struct score_object *objects = SCORE_AT(thread->player->score, objects, const struct score_object);

	for (uint32_t i = 0; i < template->checks; i++)
		if (!objects[checks[i].object].is_cut &&
		    checks[i].at + (uint64_t)checks[i].size <= template->scratch_size &&
		    crc32c_update(0, thread->scratch + checks[i].at, checks[i].size) != checks[i].hash)
			return false;
	return true;
}

static enum mark_state judge(const struct player_thread *thread, const struct score_act *act,
			     const struct score_template *template, int64_t result, int error)
{
	const struct call_spec *call = &catalogue_builtin.calls[act->call];
	bool failed = call_failed(call, result);

	if (failed != call_failed(call, act->result) || (failed && error != act->error))
		return MARK_OUTCOME;
	if (failed || act->flags & ACT_CHOSEN)
		return MARK_SAME;
	/* what is ready earlier than it was, is ready: no program may count on the opposite */
	if (act->flags & ACT_READY)
		return result > 0 || act->result <= 0 ? MARK_SAME : MARK_OUTCOME;
	if ((result > 0) != (act->result > 0))
		return MARK_OUTCOME;
	if (result != act->result)
		return MARK_SIZE;
	return template && !payload_equal(thread, template) ? MARK_PAYLOAD : MARK_SAME;
}

/* Descriptors that an exec closes. */
static void exec_do(struct player *player)
{
	for (uint32_t i = 0; i < player->score->slots_count; i++)
		if (player->fds[i] >= 0 && RAW_2(fcntl, player->fds[i], F_GETFD) & FD_CLOEXEC) {
			RAW_1(close, player->fds[i]);
			slot_set(player, i, -1);
		}
}

static void sweep_do(struct player *player, const struct score_act *act)
{
	const struct score_template *template = score_template(player->score, act->template);

	if (act->template == SCORE_NONE)
		return;
	for (uint32_t i = 0; i < template->stores; i++) {
		uint32_t slot = template_stores(template)[i].what;
		if (player->fds[slot] < 0)
			continue;
		RAW_1(close, player->fds[slot]);
		slot_set(player, slot, -1);
	}
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

struct outcome_seen {
	int64_t result;
	int error;
	enum mark_state state;
};

static void act_make(struct player_thread *thread, const struct score_act *act, struct outcome_seen *seen)
{
	struct player *player = thread->player;
	const struct score_template *template = score_template(player->score, act->template);
	uint32_t slot = arguments_slot(template);

	arguments_make(thread, template);
	if (act->flags & ACT_GROW)
		file_grow(thread, act, template);
	feeds_before(thread, act);
	state_set(thread, PLAYER_CALLS);
	seen->result = act_call(thread, act, template, &seen->error);
	seen->state = judge(thread, act, template, seen->result, seen->error);
	if (!call_failed(&catalogue_builtin.calls[act->call], seen->result)) {
		if (act->flags & ACT_CLOSES)
			slot_set(player, act->what, -1);
		stores_do(thread, template, seen->result);
		if (act->flags & ACT_BINDS && slot != SCORE_NONE)
			port_publish(player, slot, player->fds[slot]);
		if (act->flags & ACT_SENDS && slot != SCORE_NONE)
			standin_drain(player, slot);
	}
	feeds_after(thread, act);
}

/* What is not a call, or not the one that was recorded. */
static void act_special(struct player_thread *thread, const struct score_act *act, struct outcome_seen *seen)
{
	struct player *player = thread->player;
	void *value;

	state_set(thread, PLAYER_CALLS);
	seen->state = MARK_SAME;
	seen->result = act->result;
	switch (act->how) {
	case ACT_FORK:
		thread->calls++;
		seen->result = player_fork(thread, act->what);
		seen->state = seen->result > 0 ? MARK_SAME : MARK_OUTCOME;
		break;
	case ACT_THREAD:
		thread->calls++;
		seen->result = player_thread(thread, act->what, act->flags & ACT_ARGUMENT);
		seen->state = seen->result ? MARK_OUTCOME : MARK_SAME;
		break;
	case ACT_JOIN:
		thread->calls++;
		seen->result = pthread_join(player->threads[act->what], act->flags & ACT_ARGUMENT ? &value : NULL);
		seen->state = seen->result ? MARK_OUTCOME : MARK_SAME;
		break;
	case ACT_EXEC:
		exec_do(player);
		break;
	case ACT_SWEEP:
		sweep_do(player, act);
		break;
	case ACT_STANDIN:
		standin_make(player, act->what, SCORE_AT(player->score, slots, uint32_t)[act->what],
			     act->flags & ACT_FILE);
		if (act->flags & ACT_CLOEXEC)
			RAW_3(fcntl, player->fds[act->what], F_SETFD, FD_CLOEXEC);
		seen->state = MARK_FILLED;
		break;
	default:
		seen->state = MARK_FILLED;
	}
}

static void act_over(struct player_thread *thread, const struct score_act *act)
{
	struct score_progress *progress = thread->progress;

	thread->last_end = player_now();
	thread->last_recorded = act->end;
	atomic_fetch_add_explicit(&progress->done, 1, memory_order_seq_cst);
	if (atomic_load_explicit(&progress->waiters, memory_order_seq_cst))
		RAW_3(futex, &progress->done, 1 /* FUTEX_WAKE */, INT32_MAX);
}

/* Its last words come before it is over for others. */
static void exit_do(struct player_thread *thread, const struct score_act *act, struct score_mark *mark)
{
	uint64_t status[1] = {(uint64_t)act->result};

	player_wait_parts(thread);
	mark->end = player_now() - thread->player->score->begun;
	mark->state = MARK_SAME;
	mark->calls = 1;
	act_over(thread, act);
	state_set(thread, PLAYER_OVER);
	issue_rows[act->call].call(status);
}

void act_perform(struct player_thread *thread, uint32_t number)
{
	struct score *score = thread->player->score;
	const struct score_act *act = score_act(score, number);
	struct score_mark *mark = score_mark(score, number);
	struct outcome_seen seen = {0, 0, MARK_FILLED};
	uint64_t due = act_due(thread, act), begin;

	due_wait(thread, due);
	edges_wait(thread, act);
	feeds_wait(thread, act);
	begin = player_now();
	thread->calls = 0;
	mark->begin = begin - score->begun;
	mark->late = due && begin > due
			     ? (uint32_t)((begin - due) / 1000 > UINT32_MAX ? UINT32_MAX : (begin - due) / 1000)
			     : 0;
	if (act->how == ACT_EXIT)
		exit_do(thread, act, mark);
	else if (act->how == ACT_MAKE)
		act_make(thread, act, &seen);
	else
		act_special(thread, act, &seen);
	mark->end = player_now() - score->begun;
	mark->result = seen.result;
	mark->calls = thread->calls;
	mark->error = (uint16_t)seen.error;
	mark->state = (uint8_t)seen.state;
	act_over(thread, act);
	state_set(thread, PLAYER_READY);
}
