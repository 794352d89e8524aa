// SPDX-License-Identifier: MIT
/*
 * Lines for the ends that were not recorded: remote peers, programs that could not be traced, files and terminals. What
 * came from them is sent again just before the first call that noticed it, and what went to them is thrown away.
 */
#include "replay/composition.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "replay/issue.h"

struct planned_feed {
	uint32_t act, order;
	struct score_feed feed;
};

/* What is remembered of an object while its accesses are gone through. */
struct feeding_object {
	uint32_t ready; /* the act that found it ready, not yet used up, or SCORE_NONE */
	uint32_t keep;	/* the act that made it */
	uint32_t slot, peer_slot;
};

struct feeding {
	struct composition *composition;
	struct feeding_object *objects;
	struct rows feeds; /* struct planned_feed */
};

static void feed_add(struct feeding *feeding, uint32_t act, struct score_feed feed)
{
	struct planned_feed *row = rows_add(&feeding->feeds, sizeof(*row));
	struct composed_object *object = COMPOSED_OBJECT(feeding->composition, feed.object);
	uint32_t part = ROWS(feeding->composition->composed, struct composed_act)[act].part;
	uint32_t process = COMPOSED_PART(feeding->composition, part)->score.process;

	if (row)
		*row = (struct planned_feed){act, feeding->feeds.count, feed};
	if (feed.op == FEED_KEEP)
		return;
	object->feeder = !object->is_fed || object->feeder == process ? process : SCORE_NONE;
	object->is_fed = true;
}

/* ---- who was not recorded ------------------------------------------------------------------------------------- */

static bool is_datagram(const struct composed_object *object)
{
	return object->type == OBJECT_SOCKET && object->socket_type == SOCK_DGRAM;
}

static void note_roles(struct composition *composition)
{
	for (uint32_t i = 0; i < composition->accesses.count; i++) {
		const struct access *access = &ROWS(composition->accesses, struct access)[i];
		struct composed_object *object = COMPOSED_OBJECT(composition, access->object);
		bool is_well = !COMPOSED_ACT(composition, access->act)->error;
		if (access->classes & ACCESS_CONNECTS)
			object->is_tried = true;
		if (access->classes & (ACCESS_CONNECTS | ACCESS_TAKES | ACCESS_GIVES) && is_well)
			object->is_connected = true;
		if (access->made != SCORE_NONE)
			COMPOSED_OBJECT(composition, access->made)->is_accepted = true;
		object->is_listener |= access->classes & ACCESS_ACCEPTS;
		if (access->classes & ACCESS_MADE && i &&
		    ROWS(composition->accesses, struct access)[i - 1].act == access->act &&
		    ROWS(composition->accesses, struct access)[i - 1].object == object->peer)
			object->is_pair = COMPOSED_OBJECT(composition, object->peer)->is_pair = true;
	}
}

static bool is_stream(const struct composed_object *object)
{
	return object->type == OBJECT_PIPE || (object->type == OBJECT_SOCKET && object->socket_type == SOCK_STREAM);
}

/* What was sent was there from when the call began; what was received, when it ended. */
static uint64_t moment_of(const struct composition *composition, uint32_t access)
{
	const struct access *row = &ROWS(composition->accesses, struct access)[access];
	const struct score_act *act = COMPOSED_ACT(composition, row->act);

	return row->classes & ACCESS_GIVES ? act->enter : act->end;
}

static int compare_moments(const void *a, const void *b, void *context)
{
	uint64_t x = moment_of(context, *(const uint32_t *)a), y = moment_of(context, *(const uint32_t *)b);

	return x < y ? -1 : x > y ? 1 : *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static void moment_count(struct composition *composition, struct access *access)
{
	struct composed_object *object = COMPOSED_OBJECT(composition, access->object);
	uint64_t bytes = (uint64_t)COMPOSED_ACT(composition, access->act)->result;

	if (access->classes & ACCESS_GIVES) {
		COMPOSED_OBJECT(composition, object->peer)->waiting += bytes;
		return;
	}
	if (access->classes & ACCESS_LOOKS) {
		object->is_owed |= !object->waiting;
		return;
	}
	access->missing = object->is_owed	    ? (uint32_t)bytes
			  : object->waiting < bytes ? (uint32_t)(bytes - object->waiting)
						    : 0;
	object->waiting -= bytes - access->missing;
	object->is_owed = false;
	if (!access->missing)
		return;
	object->is_stub |= object->is_pair;
	object->is_cut = true;
}

/* Bytes of streams that were received although no recorded call had sent them: the C library's own, for example. */
static void count_missing(struct composition *composition)
{
	struct access *rows = ROWS(composition->accesses, struct access);
	uint32_t count = 0, *order = malloc((composition->accesses.count + 1ull) * sizeof(*order));

	if (!order) {
		composition->failed = true;
		return;
	}
	for (uint32_t i = 0; i < composition->accesses.count; i++) {
		const struct score_act *act = COMPOSED_ACT(composition, rows[i].act);
		const struct composed_object *object = COMPOSED_OBJECT(composition, rows[i].object);
		if (rows[i].classes & (ACCESS_GIVES | ACCESS_TAKES) && object->peer != SCORE_NONE &&
		    is_stream(object) && !act->error && act->result > 0 && act->end != UINT64_MAX)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), compare_moments, composition);
	for (uint32_t i = 0; i < count; i++)
		moment_count(composition, &rows[order[i]]);
	free(order);
}

static void choose_stubs(struct composition *composition)
{
	for (uint32_t i = 0; i < composition->objects.count; i++) {
		struct composed_object *object = COMPOSED_OBJECT(composition, i);
		const struct composed_object *peer =
			object->peer == SCORE_NONE ? NULL : COMPOSED_OBJECT(composition, object->peer);
		if (peer && peer->origin != SCORE_NONE)
			object->listener = peer->origin;
		if (object->type != OBJECT_SOCKET && object->type != OBJECT_PIPE)
			continue;
		if (!peer)
			object->is_stub = (object->is_tried && object->is_connected) || object->is_accepted ||
					  is_datagram(object);
	}
}

static int compare_slots(const void *a, const void *b, void *context)
{
	const struct composed_slot *slots = context;
	const struct composed_slot *x = &slots[*(const uint32_t *)a], *y = &slots[*(const uint32_t *)b];

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->fd < y->fd ? -1 : 1;
}

/* Descriptors that are only heard of as bad ones need nobody to stand in for them. */
static void drop_bad_slots(struct composition *composition)
{
	for (uint32_t i = 0; i < composition->accesses.count; i++) {
		const struct access *access = &ROWS(composition->accesses, struct access)[i];
		struct composed_slot *slot;
		if (access->slot == SCORE_NONE)
			continue;
		slot = COMPOSED_SLOT(composition, access->slot);
		if (!slot->is_made && !slot->is_closed && COMPOSED_ACT(composition, access->act)->error == EBADF)
			slot->is_made = true;
		slot->is_closed = true; /* looked at */
	}
}

static void choose_standins(struct composition *composition)
{
	uint32_t count = 0, *order = malloc((composition->slots.count + 1ull) * sizeof(*order));

	drop_bad_slots(composition);
	for (uint32_t i = 0; order && i < composition->slots.count; i++)
		if (!COMPOSED_SLOT(composition, i)->is_made && COMPOSED_SLOT(composition, i)->object != SCORE_NONE)
			order[count++] = i;
	if (order)
		qsort_r(order, count, sizeof(*order), compare_slots, composition->slots.at);
	else
		composition->failed = true;
	for (uint32_t i = 0; order && i < count; i++) {
		const struct composed_slot *slot = COMPOSED_SLOT(composition, order[i]);
		struct composed_object *object = COMPOSED_OBJECT(composition, slot->object);
		struct score_process *process = &ROWS(composition->processes, struct score_process)[slot->process];
		struct score_standin *standin = rows_add(&composition->standins, sizeof(*standin));
		if (!standin)
			break;
		object->is_standin = true;
		*standin = (struct score_standin){order[i], slot->object, object->is_file && !object->is_polled};
		if (!process->standins_count++)
			process->standins = composition->standins.count - 1;
	}
	free(order);
}

/* What an act makes is a file, unless it is waited for. */
static void choose_files(struct composition *composition)
{
	for (uint32_t i = 0; i < composition->acts.count; i++) {
		struct score_act *act = COMPOSED_ACT(composition, i);
		const struct composed_object *object;
		if (act->how != ACT_STANDIN || COMPOSED_SLOT(composition, act->what)->object == SCORE_NONE)
			continue;
		object = COMPOSED_OBJECT(composition, COMPOSED_SLOT(composition, act->what)->object);
		if (object->is_file && !object->is_polled)
			act->flags |= ACT_FILE;
	}
}

/* ---- what they do --------------------------------------------------------------------------------------------- */

/* The act before which it must be there: the one that found it ready, if the same thread did, or the one itself. */
static uint32_t noticed_by(struct feeding *feeding, const struct access *access)
{
	const struct composed_act *composed = ROWS(feeding->composition->composed, struct composed_act);
	uint32_t ready = feeding->objects[access->object].ready;

	feeding->objects[access->object].ready = SCORE_NONE;
	return ready != SCORE_NONE && composed[ready].part == composed[access->act].part ? ready : access->act;
}

static void feed_data(struct feeding *feeding, const struct access *access)
{
	const struct composed_object *object = COMPOSED_OBJECT(feeding->composition, access->object);
	const struct score_act *act = COMPOSED_ACT(feeding->composition, access->act);
	struct score_feed feed = {.object = access->object,
				  .slot = access->slot,
				  .data = access->data,
				  .size = access->size,
				  .total = access->total,
				  .op = FEED_DATA,
				  .family = object->family,
				  .type = object->socket_type};

	if (act->error == ECONNRESET)
		feed.op = FEED_RESET;
	else if (act->error || act->how != ACT_MAKE)
		return;
	else if (act->result <= 0)
		feed.op = FEED_END;
	else if (object->peer != SCORE_NONE)
		feed.total = access->missing;
	else if (!access->total)
		feed.total = (uint32_t)act->result;
	if (feed.op == FEED_DATA && feed.size > feed.total)
		feed.size = feed.total;
	if (feed.op == FEED_DATA && !feed.total && object->peer != SCORE_NONE)
		return;
	feed_add(feeding, noticed_by(feeding, access), feed);
}

static void feed_connect(struct feeding *feeding, const struct access *access)
{
	struct composition *composition = feeding->composition;
	const struct score_act *act = COMPOSED_ACT(composition, access->act);
	struct composed_object *object = COMPOSED_OBJECT(composition, access->object);
	struct score_feed feed = {.object = access->object,
				  .slot = access->slot,
				  .data = access->data,
				  .size = access->size,
				  .family = object->family,
				  .type = object->socket_type,
				  .op = is_datagram(object) ? FEED_DATAGRAM : FEED_SERVE};

	if (object->peer != SCORE_NONE || object->family == AF_NETLINK)
		return;
	if (act->error && act->error != EINPROGRESS)
		return;
	if (feed.op == FEED_SERVE && !object->is_stub)
		return;
	if (feed.op == FEED_SERVE && object->listener == SCORE_NONE)
		for (uint32_t i = 0; i < access->object; i++)
			if (COMPOSED_OBJECT(composition, i)->is_stub && feeding->objects[i].keep == access->data)
				object->listener = i;
	feeding->objects[access->object].keep = access->data;
	feed_add(feeding, access->act, feed);
}

static void feed_accept(struct feeding *feeding, const struct access *access)
{
	const struct composed_object *made = COMPOSED_OBJECT(feeding->composition, access->made);

	if (!made->is_stub || made->peer != SCORE_NONE)
		return;
	feed_add(feeding, noticed_by(feeding, access),
		 (struct score_feed){.object = access->made,
				     .slot = access->slot,
				     .op = FEED_VISIT,
				     .family = made->family,
				     .type = made->socket_type});
}

/* Both ends of a pair are made at once; the one whose program was not recorded is kept. */
static void note_made(struct feeding *feeding, const struct access *access)
{
	struct composition *composition = feeding->composition;
	uint32_t peer = COMPOSED_OBJECT(composition, access->object)->peer;
	struct feeding_object *object = &feeding->objects[access->object];

	object->slot = access->slot;
	if (peer == SCORE_NONE || feeding->objects[peer].slot == SCORE_NONE)
		return;
	for (unsigned side = 0; side < 2; side++) {
		uint32_t here = side ? peer : access->object, there = side ? access->object : peer;
		if (COMPOSED_OBJECT(composition, here)->is_stub)
			feed_add(feeding, access->act,
				 (struct score_feed){.object = here,
						     .slot = feeding->objects[there].slot,
						     .op = FEED_KEEP,
						     .type = COMPOSED_OBJECT(composition, here)->socket_type});
	}
}

/* What was received although nobody sent it cannot be received again. */
static void fill_unserved(struct feeding *feeding, const struct access *access)
{
	struct score_act *act = COMPOSED_ACT(feeding->composition, access->act);

	if (!access->missing || act->how != ACT_MAKE)
		return;
	act->how = ACT_FILL;
	act->reason = FILL_NO_SENDER;
}

static void access_feed(struct feeding *feeding, const struct access *access)
{
	const struct composed_object *object = COMPOSED_OBJECT(feeding->composition, access->object);
	bool is_played = object->is_stub || object->is_standin;

	if (access->classes & ACCESS_MADE)
		note_made(feeding, access);
	if (access->classes & ACCESS_LOOKS && access->is_known_ready)
		feeding->objects[access->object].ready = access->act;
	if (access->classes & ACCESS_SENDS_TO && object->type == OBJECT_SOCKET)
		feed_connect(feeding, access);
	if (access->classes & ACCESS_ACCEPTS && access->made != SCORE_NONE)
		feed_accept(feeding, access);
	else if (access->classes & ACCESS_TAKES && is_played)
		feed_data(feeding, access);
	else if (access->classes & ACCESS_TAKES && !is_played)
		fill_unserved(feeding, access);
	else if (is_played && COMPOSED_ACT(feeding->composition, access->act)->error == ECONNRESET)
		feed_data(feeding, access);
}

static int compare_feeds(const void *a, const void *b)
{
	const struct planned_feed *x = a, *y = b;

	if (x->act != y->act)
		return x->act < y->act ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void feeds_pack(struct feeding *feeding)
{
	struct composition *composition = feeding->composition;
	struct planned_feed *planned = ROWS(feeding->feeds, struct planned_feed);

	if (feeding->feeds.count)
		qsort(planned, feeding->feeds.count, sizeof(*planned), compare_feeds);
	for (uint32_t i = 0; i < feeding->feeds.count; i++) {
		struct score_act *act = COMPOSED_ACT(composition, planned[i].act);
		struct score_feed *feed = rows_add(&composition->feeds, sizeof(*feed));
		if (!feed || act->feeds_count == UINT16_MAX)
			return;
		if (!act->feeds_count++)
			act->feeds = i;
		*feed = planned[i].feed;
	}
}

/* What is not made on stand-ins: questions about a socket that is none, and what the row says. */
static bool is_foreign(uint16_t call)
{
	const struct call_spec *spec = &catalogue_builtin.calls[call];

	return issue_rows[call].how == ISSUE_OWN ||
	       (!strcmp(spec->family, "socket") && flow_of_call(spec).direction == FLOW_NONE);
}

/* Calls that only the real thing understands. */
static void fill_foreign(struct composition *composition)
{
	for (uint32_t i = 0; i < composition->accesses.count; i++) {
		const struct access *access = &ROWS(composition->accesses, struct access)[i];
		struct score_act *act = COMPOSED_ACT(composition, access->act);
		if (act->how != ACT_MAKE || !COMPOSED_OBJECT(composition, access->object)->is_standin)
			continue;
		if (access->classes & ACCESS_MADE || !is_foreign(act->call))
			continue;
		act->how = ACT_FILL;
		act->reason = FILL_FOREIGN;
	}
}

void feeding_make(struct composition *composition)
{
	uint32_t count = composition->objects.count;
	struct feeding feeding = {.composition = composition,
				  .objects = malloc((count + 1ull) * sizeof(struct feeding_object))};

	if (!feeding.objects) {
		composition->failed = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		feeding.objects[i] =
			(struct feeding_object){.ready = SCORE_NONE, .keep = SCORE_NONE, .slot = SCORE_NONE};
	note_roles(composition);
	count_missing(composition);
	choose_stubs(composition);
	choose_standins(composition);
	choose_files(composition);
	fill_foreign(composition);
	for (uint32_t i = 0; i < composition->accesses.count; i++)
		access_feed(&feeding, &ROWS(composition->accesses, struct access)[i]);
	feeds_pack(&feeding);
	composition->failed |= feeding.feeds.failed;
	rows_free(&feeding.feeds);
	free(feeding.objects);
}
