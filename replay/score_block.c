// SPDX-License-Identifier: MIT
/*
 * A score as players have it: all that was composed, laid out in one block of shared memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay/composition.h"

/* Out of the way of the descriptors that the program has. */
#define SCORE_FD_MIN 900

static uint64_t place(uint64_t *end, uint64_t size)
{
	uint64_t at = (*end + 63) & ~63ull;

	*end = at + size;
	return at;
}

static void lay_out(struct score *score, const struct composition *composition)
{
	uint64_t end = sizeof(*score);

	score->processes_count = composition->processes.count;
	score->parts_count = composition->parts.count;
	score->acts_count = composition->acts.count;
	score->edges_count = composition->edges.count;
	score->feeds_count = composition->feeds.count;
	score->slots_count = composition->slots.count;
	score->objects_count = composition->objects.count;
	score->standins_count = composition->standins.count;
	score->mappings_count = composition->mappings;
	score->pool_size = composition->pool.size;
	score->processes = place(&end, score->processes_count * sizeof(struct score_process));
	score->parts = place(&end, score->parts_count * sizeof(struct score_part));
	score->acts = place(&end, score->acts_count * sizeof(struct score_act));
	score->edges = place(&end, score->edges_count * sizeof(struct score_edge));
	score->feeds = place(&end, score->feeds_count * sizeof(struct score_feed));
	score->standins = place(&end, score->standins_count * sizeof(struct score_standin));
	score->objects = place(&end, score->objects_count * sizeof(struct score_object));
	score->slots = place(&end, score->slots_count * sizeof(uint32_t));
	score->pool = place(&end, score->pool_size + 1);
	score->progress = place(&end, score->parts_count * sizeof(struct score_progress));
	score->marks = place(&end, score->acts_count * sizeof(struct score_mark));
	score->ids = place(&end, score->objects_count * sizeof(int32_t));
	score->ports = place(&end, score->objects_count * sizeof(uint16_t));
	score->pids = place(&end, score->processes_count * sizeof(int32_t));
	score->sems = place(&end, score->objects_count * sizeof(sem_t));
	score->size = (end + 4095) & ~4095ull;
}

/* The acts of a part lie together. */
static void acts_copy(struct score *score, struct composition *composition)
{
	struct composed_act *composed = ROWS(composition->composed, struct composed_act);
	struct score_act *acts = SCORE_AT(score, acts, struct score_act);
	uint32_t at = 0;

	for (uint32_t i = 0; i < score->parts_count; i++) {
		struct composed_part *part = COMPOSED_PART(composition, i);
		part->score.acts = at;
		for (uint32_t act = part->first; act != SCORE_NONE; act = composed[act].next) {
			uint32_t template = COMPOSED_ACT(composition, act)->template;
			uint32_t scratch = 0;
			composed[act].number = at;
			acts[at++] = *COMPOSED_ACT(composition, act);
			if (template != SCORE_NONE)
				scratch = ((struct score_template *)(composition->pool.bytes + template))->scratch_size;
			if (scratch > part->score.scratch_size)
				part->score.scratch_size = scratch;
		}
		SCORE_AT(score, parts, struct score_part)[i] = part->score;
	}
}

static void copy(struct score *score, uint64_t at, const void *bytes, size_t size)
{
	if (size)
		memcpy((char *)score + at, bytes, size);
}

static void score_fill(struct score *score, struct composition *composition)
{
	acts_copy(score, composition);
	copy(score, score->processes, composition->processes.at, score->processes_count * sizeof(struct score_process));
	copy(score, score->edges, composition->edges.at, score->edges_count * sizeof(struct score_edge));
	copy(score, score->feeds, composition->feeds.at, score->feeds_count * sizeof(struct score_feed));
	copy(score, score->standins, composition->standins.at, score->standins_count * sizeof(struct score_standin));
	copy(score, score->pool, composition->pool.bytes, score->pool_size);
	for (uint32_t i = 0; i < score->objects_count; i++) {
		const struct composed_object *object = COMPOSED_OBJECT(composition, i);
		bool is_cut = object->is_cut || (object->is_standin && object->is_received_cut) ||
			      (object->peer != SCORE_NONE && COMPOSED_OBJECT(composition, object->peer)->is_cut);
		SCORE_AT(score, objects, struct score_object)
		[i] = (struct score_object){object->feeder, is_cut, object->is_standin, object->type};
	}
	for (uint32_t i = 0; i < score->slots_count; i++)
		SCORE_AT(score, slots, uint32_t)[i] = COMPOSED_SLOT(composition, i)->object;
	score->magic = SCORE_MAGIC;
	score->calls_count = catalogue_builtin.calls_count;
	score->realtime = composition->begin;
	score->span = composition->last;
}

int score_make(struct score **score, int *fd, struct composition *composition)
{
	struct score head = {0};
	void *block;
	int low;

	lay_out(&head, composition);
	low = memfd_create("ipctrace score", MFD_CLOEXEC);
	if (low < 0)
		return -errno;
	*fd = fcntl(low, F_DUPFD, SCORE_FD_MIN);
	close(low);
	if (*fd < 0)
		return -errno;
	if (ftruncate(*fd, (off_t)head.size))
		return -errno;
	block = mmap(NULL, head.size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (block == MAP_FAILED)
		return -errno;
	*score = block;
	**score = head;
	score_fill(*score, composition);
	return 0;
}

void score_free(struct score *score, int fd)
{
	if (score)
		munmap(score, score->size);
	if (fd >= 0)
		close(fd);
}
