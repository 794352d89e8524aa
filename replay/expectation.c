// SPDX-License-Identifier: MIT
/*
 * See expectation.h.
 */
#include "replay/expectation.h"

#include <errno.h>
#include <string.h>

/* Under the masks a turn may be longer or shorter than it was, by so much. */
#define STRETCH 256

/* So much before and behind a difference decides what it is part of. */
#define NEAR 256

static bool is_turn(const struct message *message)
{
	return message->direction == STREAM_OUT && message->sort == MESSAGE_BYTES;
}

static void turn_find(struct expectation *expectation)
{
	const struct conversation *conversation = expectation->conversation;

	while (expectation->turn < conversation->messages_count && !is_turn(&conversation->messages[expectation->turn]))
		expectation->turn++;
}

void expectation_begin(struct expectation *expectation, const struct conversation *conversation,
		       const struct masks *masks)
{
	*expectation = (struct expectation){.conversation = conversation, .masks = masks};
	turn_find(expectation);
}

void expectation_free(struct expectation *expectation)
{
	text_free(&expectation->said);
}

bool expectation_is_met(const struct expectation *expectation)
{
	return expectation->turn >= expectation->conversation->messages_count;
}

uint32_t expectation_count(const struct conversation *conversation)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < conversation->messages_count; i++)
		count += is_turn(&conversation->messages[i]);
	return count;
}

static const struct message *turn_of(const struct expectation *expectation)
{
	return &expectation->conversation->messages[expectation->turn];
}

/* The first recorded byte from `offset` on that lies in no hole begun before it; and the next hole's begin. */
static uint64_t hole_skip(const struct conversation *conversation, uint64_t offset, uint64_t *next)
{
	*next = UINT64_MAX;
	for (uint32_t i = 0; i < conversation->holes_count[STREAM_OUT]; i++) {
		const struct hole *hole = &conversation->holes[STREAM_OUT][i];
		if (offset >= hole->offset && offset < hole->offset + hole->size)
			offset = hole->offset + hole->size;
		else if (hole->offset > offset && hole->offset < *next)
			*next = hole->offset;
	}
	return offset;
}

/* How many bytes of the turn are as recorded; what the trace does not have is equal to anything. */
static uint64_t prefix_find(const struct expectation *expectation)
{
	const struct message *turn = turn_of(expectation);
	const char *recorded = expectation->conversation->streams[STREAM_OUT].bytes + turn->offset;
	uint64_t limit = expectation->said.size < turn->size ? expectation->said.size : turn->size, at = 0, next;

	while (at < limit) {
		at = hole_skip(expectation->conversation, turn->offset + at, &next) - turn->offset;
		next = next == UINT64_MAX || next - turn->offset > limit ? limit : next - turn->offset;
		for (; at < next && recorded[at] == expectation->said.bytes[at]; at++)
			;
		if (at < next)
			return at;
	}
	return at < limit ? at : limit;
}

bool expectation_is_short(const struct expectation *expectation)
{
	return !expectation_is_met(expectation) && expectation->said.size < turn_of(expectation)->size;
}

uint64_t expectation_difference(const struct expectation *expectation)
{
	return expectation_is_met(expectation) ? 0 : prefix_find(expectation);
}

/* The turn is over after `size` live bytes. */
static void turn_end(struct expectation *expectation, uint64_t size)
{
	const struct message *turn = turn_of(expectation);

	expectation->matched = turn->offset + turn->size;
	expectation->live += size;
	expectation->said.size -= size;
	memmove(expectation->said.bytes, expectation->said.bytes + size, expectation->said.size);
	expectation->messages++;
	expectation->turn++;
	turn_find(expectation);
}

static uint64_t common_end(const char *a, uint64_t a_size, const char *b, uint64_t b_size, uint64_t limit)
{
	uint64_t size = 0;

	while (size < limit && a[a_size - 1 - size] == b[b_size - 1 - size])
		size++;
	return size;
}

/* Whether the first `size` live bytes are the turn under the masks. Only what differs is looked at, and what is near.
 */
static bool is_equal_masked(const struct expectation *expectation, uint64_t size)
{
	const struct message *turn = turn_of(expectation);
	const char *recorded = expectation->conversation->streams[STREAM_OUT].bytes + turn->offset;
	const char *said = expectation->said.bytes;
	uint64_t same = prefix_find(expectation), less = size < turn->size ? size : turn->size, rest, from;
	struct text masked[2] = {{0}, {0}};
	bool is_equal;

	same = same < less ? same : less;
	rest = common_end(recorded, turn->size, said, size, less - same);
	from = same > NEAR ? same - NEAR : 0;
	rest = rest > NEAR ? rest - NEAR : 0;
	masks_apply(expectation->masks, MASKS_RECORDED, recorded + from, turn->size - rest - from, &masked[0]);
	masks_apply(expectation->masks, MASKS_LIVE, said + from, size - rest - from, &masked[1]);
	is_equal = !masked[0].failed && !masked[1].failed && masked[0].size == masked[1].size &&
		   !memcmp(masked[0].bytes, masked[1].bytes, masked[0].size);
	text_free(&masked[0]);
	text_free(&masked[1]);
	return is_equal;
}

/* How many live bytes stand for the turn under the masks; 0: none do. */
static uint64_t turn_find_masked(const struct expectation *expectation)
{
	uint64_t wanted = turn_of(expectation)->size, said = expectation->said.size, size;

	if (is_equal_masked(expectation, said))
		return said;
	/* the program has gone on to the next turn: where does this one end? */
	if (said > wanted && is_equal_masked(expectation, wanted))
		return wanted;
	size = wanted + STRETCH < said ? wanted + STRETCH : said;
	for (; size + STRETCH > wanted && size > 1; size--)
		if (size != wanted && is_equal_masked(expectation, size))
			return size;
	return 0;
}

static bool is_same_so_far(const struct conversation *a, const struct conversation *b, uint32_t count)
{
	if (a->messages_count <= count || b->messages_count <= count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct message *left = &a->messages[i], *right = &b->messages[i];
		if (left->direction != right->direction || left->sort != right->sort || left->size != right->size ||
		    left->offset != right->offset ||
		    (left->sort == MESSAGE_BYTES &&
		     memcmp(a->streams[left->direction].bytes + left->offset,
			    b->streams[left->direction].bytes + left->offset, left->size)))
			return false;
	}
	return true;
}

/* Whether what was said so far may begin the message at `turn` of `conversation`. */
static bool may_be(const struct text *said, const struct conversation *conversation, uint32_t turn)
{
	const struct message *message = &conversation->messages[turn];
	uint64_t size = said->size < message->size ? said->size : message->size;

	return is_turn(message) &&
	       (!size || !memcmp(said->bytes, conversation->streams[STREAM_OUT].bytes + message->offset, size));
}

bool expectation_swap(struct expectation *one, struct expectation *other)
{
	const struct conversation *own = one->conversation, *theirs = other->conversation;
	uint32_t turn = one->turn;

	if (other->turn > turn || !is_same_so_far(own, theirs, turn) || !may_be(&one->said, theirs, turn) ||
	    (other->turn == turn && !may_be(&other->said, own, turn)))
		return false;
	one->conversation = theirs;
	other->conversation = own;
	return true;
}

/* The turn by the masks. 0, or that it differs. */
static int take_masked(struct expectation *expectation)
{
	uint64_t size = turn_find_masked(expectation);

	if (!size)
		return EXPECTATION_E_DIFFERS;
	expectation->masked++;
	turn_end(expectation, size);
	return 0;
}

int expectation_take(struct expectation *expectation, const char *bytes, size_t size)
{
	int rc = 0;

	text_add(&expectation->said, bytes, size);
	if (expectation->said.failed)
		return -ENOMEM;
	/* a datagram may be empty */
	if (!size && !expectation->said.size && expectation->conversation->is_datagram &&
	    !expectation_is_met(expectation) && !turn_of(expectation)->size)
		turn_end(expectation, 0);
	while (!rc && expectation->said.size) {
		uint64_t equal;
		if (expectation_is_met(expectation))
			return EXPECTATION_E_BEYOND;
		equal = prefix_find(expectation);
		if (equal == turn_of(expectation)->size) {
			turn_end(expectation, equal);
			continue;
		}
		expectation->matched = turn_of(expectation)->offset + equal;
		if (equal == expectation->said.size)
			return 0;
		/* too short yet to be all of it */
		if (expectation->said.size + STRETCH < turn_of(expectation)->size)
			return EXPECTATION_E_DIFFERS;
		rc = take_masked(expectation);
	}
	return rc;
}

int expectation_settle(struct expectation *expectation)
{
	int rc = expectation_is_met(expectation) || !expectation->said.size ? EXPECTATION_E_DIFFERS
									    : take_masked(expectation);

	return rc ? rc : expectation_take(expectation, NULL, 0);
}

void expectation_forgive(struct expectation *expectation)
{
	if (expectation_is_met(expectation))
		expectation->said.size = 0;
	else
		turn_end(expectation, expectation->said.size);
}
