// SPDX-License-Identifier: MIT
/* See walk.h. */
#include "preload/walk.h"

#include "preload/frame.h"

static size_t walk_size(unsigned wanted)
{
	size_t size = sizeof(struct walk) + 2 * (wanted + WALK_OWN_MAX) * sizeof(struct walk_word);

	return (size + 63) / 64 * 64;
}

size_t walks_size(unsigned wanted)
{
	return sizeof(struct walks) + WALK_SETS * WALK_WAYS * walk_size(wanted);
}

void walks_init(struct walks *walks, unsigned wanted)
{
	walks->wanted = wanted;
	walks->size = (uint32_t)walk_size(wanted);
	for (unsigned i = 0; i < WALK_SETS * WALK_WAYS; i++)
		((struct walk *)(walks->walks + i * walks->size))->generation = 0;
}

/* The first of those that a stack may be known as. */
static inline struct walk *walks_set(const struct walks *walks, const struct walk_order *order)
{
	uint64_t mixed = (order->start.sp / 16 + order->site) * 0x9e3779b97f4a7c15ull;

	return (struct walk *)(walks->walks + (mixed >> 32) % WALK_SETS * WALK_WAYS * walks->size);
}

static inline struct walk *walk_next(const struct walks *walks, struct walk *walk)
{
	return (struct walk *)((uint8_t *)walk + walks->size);
}

static inline bool walk_fits(const struct walk *walk, const struct walk_start *start)
{
	const struct walk_word *word = walk->words, *end = word + walk->count;

	if (walk->start.sp != start->sp || walk->start.pc != start->pc ||
	    (walk->by_bp && walk->start.bp != start->bp) ||
	    walk->generation != __atomic_load_n(&frame_generation, __ATOMIC_RELAXED))
		return false;
	for (; word < end; word++)
		if (*(const uint64_t *)(uintptr_t)(start->sp + word->offset) != word->value)
			return false;
	return true;
}

const struct walk *walk_recognise(const struct walks *walks, const struct walk_order *order)
{
	struct walk *walk = walks_set(walks, order);

	for (unsigned way = 0; way < WALK_WAYS; way++, walk = walk_next(walks, walk))
		if (walk_fits(walk, &order->start))
			return walk;
	return NULL;
}

/* A walk on its way. */
struct walker {
	const struct walk_order *order;
	struct walk *walk;
	struct walk_start now;
	uint32_t bp_word; /* which word the frame pointer was last taken from, plus one; 0: none */
};

static uint64_t word_take(struct walker *walker, uint64_t address)
{
	struct walk *walk = walker->walk;
	uint64_t value = *(const uint64_t *)(uintptr_t)address;

	walk->words[walk->count++] = (struct walk_word){value, (uint32_t)(address - walk->start.sp), WORD_UNUSED};
	return value;
}

static bool is_own(const struct walk_order *order, uint64_t pc)
{
	return pc - order->own_from < order->own_size;
}

/* On to the caller; false where that cannot be. */
static bool walker_step(struct walker *walker, uint32_t rule)
{
	struct walk_start *now = &walker->now;
	uint64_t end = (FRAME_FROM_BP(rule) ? now->bp : now->sp) + FRAME_END_WORDS(rule) * 8;
	uint64_t saved = end - FRAME_SAVED_WORDS(rule) * 8;

	if (FRAME_KIND(rule) != FRAME_PLAIN || end % 8 || end <= now->sp || saved < now->sp ||
	    end > walker->order->limit || end - walker->order->start.sp > UINT32_MAX)
		return false;
	if (FRAME_FROM_BP(rule) && walker->bp_word)
		walker->walk->words[walker->bp_word - 1].use = WORD_USED;
	else if (FRAME_FROM_BP(rule))
		walker->walk->by_bp = 1;
	if (FRAME_SAVED_WORDS(rule)) {
		now->bp = word_take(walker, saved);
		walker->bp_word = walker->walk->count;
	}
	now->pc = word_take(walker, end - 8);
	now->sp = end;
	walker->walk->words[walker->walk->count - 1].use = WORD_USED;
	return true;
}

/* No code lies below: a zero, or nearly, ends a stack whose beginning has no rule. */
#define CODE_MIN 0x4000

/* Goes as far as is wanted; false where that cannot be. */
static bool walker_go(struct walker *walker, unsigned wanted)
{
	const struct walk_order *order = walker->order;
	struct walk *walk = walker->walk;
	bool is_inside = is_own(order, walker->now.pc);

	for (unsigned frames = 0; walk->depth < wanted; frames++) {
		uint32_t rule = frame_rule(walker->now.pc);
		if (FRAME_KIND(rule) == FRAME_LAST)
			break;
		if (frames == wanted + WALK_OWN_MAX || !walker_step(walker, rule))
			return false;
		if (walker->now.pc < CODE_MIN)
			break;
		is_inside &= is_own(order, walker->now.pc);
		if (is_inside)
			continue;
		walk->words[walk->count - 1].use = WORD_TOLD;
		walk->depth++;
	}
	return walk->depth > 0;
}

/* Leaves out what need not be compared, and makes the stack's hash. */
static void walk_finish(struct walk *walk)
{
	uint64_t hash = STACK_HASH;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < walk->count; i++) {
		const struct walk_word word = walk->words[i];
		if (word.use == WORD_UNUSED)
			continue;
		walk->words[kept++] = word;
		if (word.use == WORD_TOLD)
			hash = stack_hash(hash, word.value);
	}
	walk->count = kept;
	walk->hash = hash;
}

const struct walk *walk_go(struct walks *walks, const struct walk_order *order)
{
	struct walk *walk = walks_set(walks, order);

	for (uint32_t way = walks->turn % WALK_WAYS; way > 0; way--)
		walk = walk_next(walks, walk);
	*walk = (struct walk){.start = order->start};
	struct walker walker = {.order = order, .walk = walk, .now = order->start};
	uint32_t generation = __atomic_load_n(&frame_generation, __ATOMIC_RELAXED);
	if (!walker_go(&walker, walks->wanted))
		return NULL;
	walk_finish(walk);
	walk->generation = generation;
	walks->turn++; /* so that odd stacks, of which nothing is kept, take the place of no more than one in each set
			*/
	return walk;
}

void walk_tell(const struct walk *walk, uint64_t *frames)
{
	for (uint32_t i = 0; i < walk->count; i++)
		if (walk->words[i].use == WORD_TOLD)
			*frames++ = walk->words[i].value;
}
