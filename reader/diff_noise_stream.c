// SPDX-License-Identifier: MIT
/*
 * Streams: the same bytes in other pieces, and answers that came before their questions.
 */
#include "reader/diff_noise_pass.h"
#include "format/crc32c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- streams cut otherwise ------------------------------------------------------------------------------------ */

/*
 * What was done on one stream between two calls that are the same in both runs. Where as much went each way and it was
 * the same, only the pieces differ, or the order of asking and answering.
 */
struct stretch {
	uint32_t objects[SIDES];
	uint32_t first[SIDES]; /* tokens; CANON_NONE: none */
	uint32_t last[SIDES], tokens[SIDES];
	uint64_t bytes[SIDES][2]; /* by way, CANON_RECEIVED and CANON_SENT */
	uint32_t transfers[SIDES][2];
	uint32_t payload[SIDES][2];
	uint64_t pieces[SIDES][2];   /* a sum of hashes: equal when they are the same pieces */
	uint64_t calls[SIDES][2];    /* which calls, a bit each */
	uint32_t sorts[SIDES][2][2]; /* the first tokens of two of them; CANON_NONE: there are not so many */
	uint32_t edits[2];	     /* that lie in it */
	bool is_same_flow[2];	     /* of all that went over the object that way */
	bool has_same_calls[2];	     /* likewise */
	bool is_early;
	uint32_t early[SIDES];	  /* the transfer that came too early, and the one in its place */
	uint32_t edit[2];	  /* that stands for the others, by way; of both when `is_early` */
	uint32_t spare[2][SIDES]; /* tokens that it had itself, by way; CANON_NONE: none */
};

struct stretches {
	struct stretch *rows;
	uint32_t count, room;
	struct map index;	   /* by old object and as how many-th of it; the place + 1 */
	uint32_t *of_token[SIDES]; /* place + 1; 0: none */
	uint32_t *next[SIDES];	   /* by object: as how many-th its next stretch is */
};

static unsigned way_of(const struct canon_token *token)
{
	return token->flags & TOKEN_SENDS ? CANON_SENT : CANON_RECEIVED;
}

static bool has_flow(const struct canon_token *token)
{
	return token->sort->objects[0] != CANON_NONE && token->flags & (TOKEN_SENDS | TOKEN_RECEIVES) && token->bytes &&
	       !(token->flags & TOKEN_ABSORBED);
}

/* The partner of a stream, or CANON_NONE. */
static uint32_t partner_of(const struct settling *settling, unsigned side, uint32_t object)
{
	const struct canon_object *own = &settling->pairing->canons[side]->objects[object];
	bool is_stream = own->is_stream || own->type == OBJECT_FILE;

	return is_stream ? settling->pairing->objects[side][object] : CANON_NONE;
}

/* Whether all that went over a stream with a partner one way is the same on both sides. */
static bool has_same_flow(const struct settling *settling, unsigned side, uint32_t object, unsigned way)
{
	const struct pairing *pairing = settling->pairing;
	const struct canon_flow *a = &pairing->canons[side]->objects[object].flows[way];
	const struct canon_flow *b = &pairing->canons[!side]->objects[pairing->objects[side][object]].flows[way];

	return (a->bytes == b->bytes && a->payload == b->payload) ||
	       (a->raw_bytes == b->raw_bytes && a->raw_payload == b->raw_payload);
}

static struct stretch *find_stretch(struct settling *settling, struct stretches *stretches, unsigned side,
				    uint32_t object)
{
	const struct pairing *pairing = settling->pairing;
	uint32_t other = pairing->objects[side][object], old = side == SIDE_OLD ? object : other;
	uint64_t key = (uint64_t)old << 32 | stretches->next[side][object];
	uintptr_t found = (uintptr_t)map_get(&stretches->index, key);

	if (found)
		return &stretches->rows[found - 1];
	if (stretches->count == stretches->room) {
		uint32_t room = stretches->room ? 2 * stretches->room : 16;
		struct stretch *rows = reallocarray(stretches->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		stretches->rows = rows;
		stretches->room = room;
	}
	struct stretch *added = &stretches->rows[stretches->count++];
	*added = (struct stretch){.first = {CANON_NONE, CANON_NONE}, .edit = {CANON_NONE, CANON_NONE}};
	memset(added->sorts, 0xff, sizeof(added->sorts));
	added->objects[side] = object;
	added->objects[!side] = other;
	for (unsigned way = 0; way < 2; way++) {
		added->is_same_flow[way] = has_same_flow(settling, side, object, way);
		added->has_same_calls[way] = pairing->canons[side]->objects[object].flows[way].calls ==
					     pairing->canons[!side]->objects[other].flows[way].calls;
	}
	if (map_put(&stretches->index, key, (void *)(uintptr_t)stretches->count))
		return NULL;
	return added;
}

static int add_to_stretch(struct settling *settling, struct stretches *stretches, unsigned side, uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);
	struct stretch *stretch = find_stretch(settling, stretches, side, token->sort->objects[0]);
	unsigned way = way_of(token);

	if (!stretch)
		return -ENOMEM;
	stretches->of_token[side][index] = (uint32_t)(stretch - stretches->rows) + 1;
	if (stretch->first[side] == CANON_NONE)
		stretch->first[side] = index;
	stretch->last[side] = index;
	stretch->tokens[side]++;
	stretch->payload[side][way] = crc32c_combine(stretch->payload[side][way], token->payload, token->bytes);
	stretch->bytes[side][way] += token->bytes;
	stretch->transfers[side][way]++;
	stretch->pieces[side][way] += full_of(settling, side, index);
	stretch->calls[side][way] |= 1ull << (token->sort->key & 63);
	uint32_t *sorts = stretch->sorts[side][way];
	if (sorts[0] == CANON_NONE)
		sorts[0] = index;
	else if (sorts[1] == CANON_NONE && token_of(settling, side, sorts[0])->sort->key != token->sort->key)
		sorts[1] = index;
	return 0;
}

/* A call on the stream that is no edit ends a stretch, unless all that went that way is the same anyway. */
static int list_stretches(struct settling *settling, struct stretches *stretches, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	int rc = 0;

	for (uint32_t i = 0; !rc && i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		if (!has_flow(token) || partner_of(settling, side, token->sort->objects[0]) == CANON_NONE)
			continue;
		if (settling->edited[side][i])
			rc = add_to_stretch(settling, stretches, side, i);
		else if (!has_same_flow(settling, side, token->sort->objects[0], way_of(token)))
			stretches->next[side][token->sort->objects[0]]++;
	}
	return rc;
}

/* One transfer out of a stream: up to where, and how much had come in before. */
struct sending {
	uint64_t from, to, received;
	uint32_t token;
};

/* Those of the stretch, or of all that was done on its object. */
static uint32_t list_sendings(const struct settling *settling, const struct stretches *stretches, unsigned side,
			      uint32_t which, bool is_whole, struct sending *list)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct stretch *stretch = &stretches->rows[which];
	uint32_t object = stretch->objects[side];
	uint32_t from = is_whole ? canon->objects[object].birth : stretch->first[side];
	uint32_t to = is_whole ? canon->tokens_count : stretch->last[side];
	uint32_t left = canon->objects[object].tokens;
	uint64_t received = 0, sent = 0;
	uint32_t count = 0;

	/* No further than it goes: there may be as many stretches as edits. Who made it may have closed it long before.
	 */
	for (uint32_t i = from; left && i < canon->tokens_count && i <= to; i++) {
		const struct canon_token *token = &canon->tokens[i];
		left -= (token->sort->objects[0] == object) + (token->sort->objects[1] == object);
		if (token->sort->objects[0] != object || !has_flow(token))
			continue;
		if (!is_whole && stretches->of_token[side][i] != which + 1)
			continue;
		if (token->flags & TOKEN_SENDS) {
			list[count++] = (struct sending){sent, sent + token->bytes, received, i};
			sent += token->bytes;
		} else {
			received += token->bytes;
		}
	}
	return count;
}

/*
 * Cut otherwise, or sent too early? Where the new run sends in one go what the old one sent in several, with something
 * received in between, all of that must have come before; and who waited to be asked first must still do so.
 */
static bool is_early(const struct sending *old, uint32_t old_count, const struct sending *new, uint32_t new_count,
		     uint32_t early[SIDES])
{
	for (uint32_t i = 0, k = 0; i < new_count; i++) {
		while (k < old_count && old[k].to <= new[i].from)
			k++;
		uint32_t first = k;
		while (k + 1 < old_count && old[k + 1].to <= new[i].to)
			k++;
		if (k >= old_count)
			return false;
		bool has_grown = k > first && old[k].received > old[first].received;
		if ((has_grown || (!i && !new[i].received)) && new[i].received < old[k].received) {
			early[SIDE_OLD] = old[k].token;
			early[SIDE_NEW] = new[i].token;
			return true;
		}
	}
	return false;
}

/* So many answers at least make a conversation in turns. */
#define TURNS_MIN 3u

/*
 * Where each sending of the old run had been asked for by something received since the one before, and the new run
 * sends the same in the same pieces, a single one that comes sooner has not waited to be asked.
 */
static bool is_out_of_turn(const struct sending *old, uint32_t old_count, const struct sending *new, uint32_t new_count,
			   uint32_t early[SIDES])
{
	uint32_t others = 0;

	if (old_count != new_count || old_count < TURNS_MIN)
		return false;
	for (uint32_t i = 0; i < old_count; i++) {
		if (old[i].to != new[i].to || (i && old[i].received == old[i - 1].received))
			return false;
		if (old[i].received == new[i].received)
			continue;
		if (old[i].received < new[i].received || others++)
			return false;
		early[SIDE_OLD] = old[i].token;
		early[SIDE_NEW] = new[i].token;
	}
	return others;
}

static int find_early(const struct settling *settling, struct stretches *stretches, uint32_t which)
{
	struct stretch *stretch = &stretches->rows[which];
	struct sending *lists[SIDES] = {NULL, NULL};
	uint32_t counts[SIDES] = {0, 0};
	bool is_whole = stretch->is_same_flow[CANON_SENT] && stretch->is_same_flow[CANON_RECEIVED];
	int rc = 0;

	if (!is_whole && (stretch->first[SIDE_OLD] == CANON_NONE || stretch->first[SIDE_NEW] == CANON_NONE))
		return 0;
	for (unsigned side = 0; !rc && side < SIDES; side++) {
		const struct canon_object *object = &settling->pairing->canons[side]->objects[stretch->objects[side]];
		lists[side] =
			calloc((is_whole ? object->tokens : stretch->tokens[side]) + 1ull, sizeof(struct sending));
		rc = lists[side] ? 0 : -ENOMEM;
		if (!rc)
			counts[side] = list_sendings(settling, stretches, side, which, is_whole, lists[side]);
	}
	if (!rc)
		stretch->is_early = is_early(lists[SIDE_OLD], counts[SIDE_OLD], lists[SIDE_NEW], counts[SIDE_NEW],
					     stretch->early) ||
				    is_out_of_turn(lists[SIDE_OLD], counts[SIDE_OLD], lists[SIDE_NEW], counts[SIDE_NEW],
						   stretch->early);
	free(lists[SIDE_OLD]);
	free(lists[SIDE_NEW]);
	return rc;
}

/* Whether the same went that way, in the stretch or in all. */
static bool carries_same(const struct stretch *stretch, unsigned way)
{
	return stretch->is_same_flow[way] || (stretch->bytes[SIDE_OLD][way] == stretch->bytes[SIDE_NEW][way] &&
					      stretch->payload[SIDE_OLD][way] == stretch->payload[SIDE_NEW][way]);
}

static bool is_recut(const struct stretch *stretch, unsigned way)
{
	bool has_same_calls =
		stretch->calls[SIDE_OLD][way] == stretch->calls[SIDE_NEW][way] ||
		(stretch->has_same_calls[way] && stretch->calls[SIDE_OLD][way] && stretch->calls[SIDE_NEW][way]);

	return carries_same(stretch, way) && has_same_calls &&
	       (stretch->pieces[SIDE_OLD][way] != stretch->pieces[SIDE_NEW][way]);
}

/* The stretch that all of an edit lies in, or NULL. */
static struct stretch *stretch_of(const struct stretches *stretches, const struct edit *edit)
{
	uint32_t old = edit->old == CANON_NONE ? 0 : stretches->of_token[SIDE_OLD][edit->old];
	uint32_t new = edit->new == CANON_NONE ? 0 : stretches->of_token[SIDE_NEW][edit->new];

	if ((edit->old != CANON_NONE && !old) || (edit->new != CANON_NONE && !new) || (old && new &&old != new))
		return NULL;
	return &stretches->rows[(old ? old : new) - 1];
}

/* What was asked and answered in another order is one edit, on behalf of all that follow from it. */
static void settle_early(struct settling *settling, struct stretch *stretch, uint32_t index)
{
	struct edit *edit = &settling->edits->rows[index];

	if (stretch->edit[0] == CANON_NONE) {
		stretch->edit[0] = index;
		edit->kind = EDIT_REORDERED;
		edit->is_causal = true;
		edit->old = stretch->early[SIDE_OLD];
		edit->new = stretch->early[SIDE_NEW];
		return;
	}
	edit->kind = EDIT_MOVED;
	edit->old = edit->new = CANON_NONE;
}

/* Of the calls one way the one that only this side has made, or else any. */
static uint32_t odd_one(const struct settling *settling, const struct stretch *stretch, unsigned side, unsigned way)
{
	const uint32_t *sorts = stretch->sorts[side][way];
	bool is_other = sorts[1] != CANON_NONE &&
			!(stretch->calls[!side][way] >> (token_of(settling, side, sorts[1])->sort->key & 63) & 1);

	return sorts[is_other];
}

/* The same bytes the same way, but one of the calls is another one, or has other flags: that is all. */
static bool is_other_call(const struct stretch *stretch, unsigned way)
{
	return carries_same(stretch, way) && !stretch->has_same_calls[way] &&
	       stretch->calls[SIDE_OLD][way] != stretch->calls[SIDE_NEW][way] && stretch->calls[SIDE_OLD][way] &&
	       stretch->calls[SIDE_NEW][way] && stretch->edits[way] > 1;
}

/* As many bytes in other pieces, by the same calls, and they are not the same bytes. */
static bool is_other_content(const struct stretch *stretch, unsigned way)
{
	return !carries_same(stretch, way) && stretch->bytes[SIDE_OLD][way] &&
	       stretch->bytes[SIDE_OLD][way] == stretch->bytes[SIDE_NEW][way] &&
	       stretch->calls[SIDE_OLD][way] == stretch->calls[SIDE_NEW][way] &&
	       stretch->transfers[SIDE_OLD][way] != stretch->transfers[SIDE_NEW][way] && stretch->edits[way] > 1;
}

static void settle_other_call(struct settling *settling, struct stretch *stretch, unsigned way, uint32_t index)
{
	struct edit *edit = &settling->edits->rows[index];
	bool is_first = stretch->edit[way] == CANON_NONE;

	edit->kind = is_first ? EDIT_CHANGED : EDIT_MOVED;
	edit->old = is_first ? odd_one(settling, stretch, SIDE_OLD, way) : CANON_NONE;
	edit->new = is_first ? odd_one(settling, stretch, SIDE_NEW, way) : CANON_NONE;
	stretch->edit[way] = is_first ? index : stretch->edit[way];
}

/* Likewise, but the others are kept, as pieces: together they may yet turn out to say the same. */
static void settle_other_content(struct settling *settling, struct stretch *stretch, unsigned way, uint32_t index)
{
	struct edit *edit = &settling->edits->rows[index];
	uint32_t *spare = stretch->spare[way], *tokens[SIDES] = {&edit->old, &edit->new};
	bool is_first = stretch->edit[way] == CANON_NONE;

	stretch->edit[way] = is_first ? index : stretch->edit[way];
	edit->is_recut = true;
	for (unsigned side = 0; side < SIDES; side++) {
		/* whoever had the first one gets what the edit that stands for them had */
		uint32_t first = stretch->sorts[side][way][0];
		if (is_first) {
			spare[side] = *tokens[side];
			*tokens[side] = first;
		} else if (*tokens[side] == first) {
			*tokens[side] = spare[side];
		}
	}
	if (is_first) {
		edit->kind = EDIT_CHANGED;
		return;
	}
	edit->kind = edit->old == CANON_NONE ? EDIT_ADDED : edit->new == CANON_NONE ? EDIT_REMOVED : EDIT_CHANGED;
	if (edit->old == CANON_NONE && edit->new == CANON_NONE)
		edit->kind = EDIT_MOVED;
	else
		settle_mark(settling, edit, NOISE_RECUT);
}

/* The way of the stream that an edit is about; 2: both. */
static unsigned way_of_edit(const struct settling *settling, const struct edit *edit)
{
	unsigned old = edit->old == CANON_NONE ? 2 : way_of(token_of(settling, SIDE_OLD, edit->old));
	unsigned new = edit->new == CANON_NONE ? 2 : way_of(token_of(settling, SIDE_NEW, edit->new));

	return old == 2 ? new : new == 2 || new == old ? old : 2;
}

static void count_edits(const struct settling *settling, struct stretches *stretches)
{
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		struct stretch *stretch = stretch_of(stretches, edit);
		unsigned way = stretch ? way_of_edit(settling, edit) : 2;
		if (way < 2)
			stretch->edits[way]++;
	}
}

static void settle_stretches(struct settling *settling, struct stretches *stretches)
{
	count_edits(settling, stretches);
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		struct stretch *stretch = stretch_of(stretches, edit);
		if (!stretch)
			continue;
		bool is_same = carries_same(stretch, CANON_SENT) && carries_same(stretch, CANON_RECEIVED);
		unsigned way = way_of_edit(settling, edit);
		if (stretch->is_early && is_same)
			settle_early(settling, stretch, i);
		else if (!stretch->is_early && way < 2 && is_recut(stretch, way))
			settle_mark(settling, edit, NOISE_RECUT);
		else if (!stretch->is_early && way < 2 && is_other_call(stretch, way))
			settle_other_call(settling, stretch, way, i);
		else if (!stretch->is_early && way < 2 && is_other_content(stretch, way))
			settle_other_content(settling, stretch, way, i);
	}
}

int settle_streams(struct settling *settling)
{
	struct stretches stretches = {0};
	int rc = 0;

	for (unsigned side = 0; !rc && side < SIDES; side++) {
		const struct canon *canon = settling->pairing->canons[side];
		stretches.of_token[side] = calloc(canon->tokens_count + 1ull, sizeof(uint32_t));
		stretches.next[side] = calloc(canon->objects_count + 1ull, sizeof(uint32_t));
		rc = stretches.of_token[side] && stretches.next[side] ? 0 : -ENOMEM;
		if (!rc)
			rc = list_stretches(settling, &stretches, side);
	}
	for (uint32_t i = 0; !rc && i < stretches.count; i++)
		rc = find_early(settling, &stretches, i);
	if (!rc)
		settle_stretches(settling, &stretches);
	for (unsigned side = 0; side < SIDES; side++) {
		free(stretches.of_token[side]);
		free(stretches.next[side]);
	}
	map_clear(&stretches.index);
	free(stretches.rows);
	return rc;
}
