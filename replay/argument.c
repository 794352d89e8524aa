// SPDX-License-Identifier: MIT
/*
 * The arguments of a call that is made again: those of the record, with the live numbers and addresses in them.
 */
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "format/catalogue.h"
#include "replay/player.h"
#include "replay/raw.h"

static void place_put(struct player_thread *thread, const struct score_reloc *reloc, uint64_t value)
{
	if (reloc->at & RELOC_WORD)
		thread->words[reloc->at & ~RELOC_WORD] = reloc->width == 4 ? (uint64_t)(int64_t)(int32_t)value : value;
	else
		memcpy(thread->scratch + reloc->at, &value, reloc->width > 8 ? 8 : reloc->width);
}

static void time_shift(struct player_thread *thread, const struct score_reloc *reloc)
{
	struct timespec time;
	int64_t ns;

	memcpy(&time, thread->scratch + reloc->at, sizeof(time));
	ns = time.tv_sec * 1000000000 + time.tv_nsec + thread->player->score->realtime_shift;
	time.tv_sec = ns / 1000000000;
	time.tv_nsec = ns % 1000000000;
	memcpy(thread->scratch + reloc->at, &time, sizeof(time));
}

static void reloc_do(struct player_thread *thread, const struct score_reloc *reloc, int *highest)
{
	struct player *player = thread->player;
	struct score *score = player->score;
	uint64_t name = 0;

	switch (reloc->kind) {
	case RELOC_SCRATCH:
		place_put(thread, reloc, (uint64_t)(uintptr_t)thread->scratch + reloc->addend);
		break;
	case RELOC_POOL:
		place_put(thread, reloc, (uint64_t)(uintptr_t)(SCORE_AT(score, pool, char) + reloc->addend));
		break;
	case RELOC_FD:
		place_put(thread, reloc, (uint64_t)(int64_t)player->fds[reloc->what]);
		break;
	case RELOC_FDBIT:
		if (player->fds[reloc->what] < 0 || player->fds[reloc->what] >= FD_SETSIZE)
			break;
		thread->scratch[reloc->at + player->fds[reloc->what] / 8] |= (char)(1 << player->fds[reloc->what] % 8);
		if (player->fds[reloc->what] > *highest)
			*highest = player->fds[reloc->what];
		break;
	case RELOC_NFDS:
		place_put(thread, reloc, (uint64_t)*highest + 1);
		break;
	case RELOC_ID:
		place_put(thread, reloc, (uint64_t)(int64_t)SCORE_AT(score, ids, int32_t)[reloc->what]);
		break;
	case RELOC_ADDRESS:
		place_put(thread, reloc, player->places[reloc->what] ? player->places[reloc->what] + reloc->addend : 0);
		break;
	case RELOC_SEM:
		place_put(thread, reloc, (uint64_t)(uintptr_t)(SCORE_AT(score, sems, sem_t) + reloc->what));
		break;
	case RELOC_PID:
		place_put(thread, reloc, (uint64_t)(int64_t)SCORE_AT(score, pids, int32_t)[reloc->what]);
		break;
	case RELOC_THREAD:
		memcpy(&name, &player->threads[reloc->what], sizeof(name));
		place_put(thread, reloc, name);
		break;
	case RELOC_PORT:
		if (SCORE_AT(score, ports, uint16_t)[reloc->what])
			place_put(thread, reloc, SCORE_AT(score, ports, uint16_t)[reloc->what]);
		break;
	case RELOC_TIME:
		time_shift(thread, reloc);
		break;
	default:
		break;
	}
}

void arguments_make(struct player_thread *thread, const struct score_template *template)
{
	const struct score_reloc *relocs = template_relocs(template);
	int highest = -1;

	memcpy(thread->words, template->words, template->argc * sizeof(uint64_t));
	memcpy(thread->scratch, template_data(template), template->data_size);
	for (uint32_t i = 0; i < template->relocs; i++)
		reloc_do(thread, &relocs[i], &highest);
}

uint32_t arguments_slot(const struct score_template *template)
{
	const struct score_reloc *relocs = template_relocs(template);

	for (uint32_t i = 0; i < template->relocs; i++)
		if (relocs[i].kind == RELOC_FD && relocs[i].at & RELOC_WORD)
			return relocs[i].what;
	return SCORE_NONE;
}

void file_grow(struct player_thread *thread, const struct score_act *act, const struct score_template *template)
{
	const struct call_spec *call = &catalogue_builtin.calls[act->call];
	uint64_t size = act->result > 0 && !(act->flags & ACT_CHOSEN) ? (uint64_t)act->result : 0, offset = 0;
	const struct score_reloc *relocs = template_relocs(template);
	struct stat status;

	for (unsigned arg = 0; arg < call->argc; arg++) {
		const struct value_spec *value = &call->args[arg].value;
		if (value->kind == KIND_OFFSET && value->direction == DIRECTION_NONE)
			offset = thread->words[arg];
		if (value->kind == KIND_SIZE && act->flags & ACT_CHOSEN)
			size = thread->words[arg];
	}
	for (uint32_t i = 0; i < template->relocs; i++) {
		int fd = relocs[i].kind == RELOC_FD ? thread->player->fds[relocs[i].what] : -1;
		if (fd < 0 || RAW_2(fstat, fd, &status) || !S_ISREG(status.st_mode))
			continue;
		if (!(act->flags & ACT_CHOSEN))
			offset = (uint64_t)RAW_3(lseek, fd, 0, SEEK_CUR);
		if ((uint64_t)status.st_size < offset + size)
			RAW_2(ftruncate, fd, offset + size);
	}
}
