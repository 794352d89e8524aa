// SPDX-License-Identifier: MIT
/*
 * Threads are paired from their creators down: by their place, by what they did, by what was given to them alone.
 */
#include "reader/diff_pair_thread.h"

#include <string.h>

uint64_t pairing_thread(const struct pairing *pairing, unsigned side, uint32_t index)
{
	if (index == CANON_NONE)
		return 1;
	if (pairing->threads[side][index] == CANON_NONE)
		return 0;
	return 2 + (uint64_t)(side == SIDE_OLD ? index : pairing->threads[side][index]);
}

static uint64_t thread_class(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_thread *thread = &pairing->canons[side]->threads[index];
	uint64_t parent = pairing_thread(pairing, side, thread->parent);

	return parent ? mix(mix(parent, thread->start), thread->is_process) : 0;
}

static uint64_t thread_by_content(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_thread *thread = &pairing->canons[side]->threads[index];
	uint64_t key = thread_class(pairing, side, index);

	/* How much of the work a serving thread got says nothing about which one it is. */
	bool is_serving = (thread->dispatches && thread->accepted != 1) || thread->is_sharing;
	return key && !is_serving ? mix(key, thread->content) : 0;
}

/* Who works on one connection alone is known by what it was asked there. */
static uint64_t thread_by_heard(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_thread *thread = &pairing->canons[side]->threads[index];
	uint64_t class = thread_class(pairing, side, index);

	return class && thread->accepted == 1 ? mix(class, thread->heard) : 0;
}

/*
 * Which of those that do the same it is, by what its maker gave to it alone. When that is not the same for all of them
 * together, something else was made, and counts have moved.
 */
static uint64_t thread_by_own(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_thread *thread = &pairing->canons[side]->threads[index];
	uint64_t class = thread_class(pairing, side, index);

	return class && thread->own ? mix(mix(class, thread->own), thread->own_all) : 0;
}

static uint64_t thread_by_name_and_class(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_thread *thread = &pairing->canons[side]->threads[index];
	uint64_t class = thread_class(pairing, side, index);

	return class ? mix(class, map_hash(0, thread->name, strlen(thread->name))) : 0;
}

/* The same place in the tree of creation, whatever is executed there. */
static uint64_t thread_by_name(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_thread *thread = &pairing->canons[side]->threads[index];
	uint64_t parent = pairing_thread(pairing, side, thread->parent);

	return parent ? mix(parent, map_hash(0, thread->name, strlen(thread->name))) : 0;
}

static uint64_t thread_by_kind(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t parent = pairing_thread(pairing, side, pairing->canons[side]->threads[index].parent);

	return parent ? mix(parent, pairing->canons[side]->threads[index].is_process) : 0;
}

static uint64_t thread_by_both(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t name = thread_by_name(pairing, side, index);

	return name ? mix(name, thread_by_content(pairing, side, index)) : 0;
}

static uint32_t count_pairs(const struct pairing *pairing)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pairing->canons[SIDE_OLD]->threads_count; i++)
		count += pairing->threads[SIDE_OLD][i] != CANON_NONE;
	return count;
}

int pairing_make_threads(struct pairing *pairing)
{
	static key_function *const ways[] = {
		thread_by_own, thread_by_both, thread_by_content, thread_by_heard, thread_by_name_and_class,
		thread_class,  thread_by_name, thread_by_kind};
	const size_t ways_count = sizeof(ways) / sizeof(ways[0]);
	uint32_t counts[SIDES];
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++)
		counts[side] = pairing->canons[side]->threads_count;
	/* Those that have found partners lend their children the best way of finding theirs. */
	for (size_t way = 0; !rc && way < ways_count;) {
		uint32_t before = count_pairs(pairing);
		rc = pair_by_function(pairing, pairing->threads, counts, ways[way]);
		way = count_pairs(pairing) == before ? way + 1 : 0;
	}
	for (unsigned side = 0; !rc && side < SIDES; side++)
		for (uint32_t i = 0; i < counts[side]; i++)
			pairing->classes[side][i] = thread_class(pairing, side, i);
	return rc;
}
