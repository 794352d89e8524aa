// SPDX-License-Identifier: MIT
/*
 * Everything lies elsewhere in memory, as it does in every run: addresses in calls, in stacks and of modules.
 */
#include "tests/diff/mutate_parts.h"

#include <string.h>

/* Where Linux puts things that may lie anywhere: programs and their heaps; libraries, mappings and stacks. */
#define PROGRAM_FIRST 0x550000000000u
#define PROGRAM_END   0x570000000000u
#define MAPPING_FIRST 0x7e0000000000u
#define MAPPING_END   0x800000000000u
#define PAGE_SIZE     4096u

struct shift {
	struct mutate *mutate;
	uint64_t program, mapping, stack;
};

static uint64_t shift_address(const struct shift *shift, uint64_t address)
{
	if (address >= PROGRAM_FIRST && address < PROGRAM_END)
		return address + shift->program;
	if (address >= MAPPING_FIRST && address < MAPPING_END)
		return address - shift->mapping;
	return address;
}

static uint64_t change_address(void *context, enum kind kind, uint64_t value)
{
	return kind == KIND_ADDRESS || kind == KIND_SEM ? shift_address(context, value) : value;
}

static void shift_event(void *context, struct event *event)
{
	struct shift *shift = context;
	struct draft *draft = shift->mutate->draft;

	event->site = shift_address(shift, event->site);
	draft_values(draft, event, change_address, shift);
	for (uint32_t i = 0; i < event->items_count; i++) {
		uint64_t hash;
		if (event->items[i].form != ITEM_STACK || event->items[i].size != sizeof(hash))
			continue;
		struct event_item *items = draft_items(draft, event);
		memcpy(&hash, items[i].bytes, sizeof(hash));
		hash ^= shift->stack;
		memcpy(draft_bytes(draft, &items[i]), &hash, sizeof(hash));
	}
}

static void shift_modules(const struct shift *shift, const struct frame_module *modules, uint32_t count)
{
	struct frame_module *own = (struct frame_module *)modules;

	for (uint32_t i = 0; i < count; i++) {
		own[i].base = shift_address(shift, own[i].base);
		own[i].start = shift_address(shift, own[i].start);
		own[i].end = shift_address(shift, own[i].end);
	}
}

static void shift_frame(const struct shift *shift, struct draft_frame *frame)
{
	for (uint32_t i = 0; i < frame->processes_count; i++)
		shift_modules(shift, frame->processes[i].modules, frame->processes[i].modules_count);
	for (uint32_t i = 0; i < frame->modules_count; i++)
		shift_modules(shift, frame->modules[i].modules, frame->modules[i].count);
	for (uint32_t i = 0; i < frame->threads_count; i++)
		frame->threads[i].start = shift_address(shift, frame->threads[i].start);
	for (uint32_t i = 0; i < frame->stacks_count; i++) {
		uint64_t *addresses = (uint64_t *)frame->stacks[i].frames;
		for (uint32_t at = 0; at < frame->stacks[i].depth; at++)
			addresses[at] = shift_address(shift, addresses[at]);
		frame->stacks[i].hash ^= shift->stack;
	}
}

void mutate_addresses(struct mutate *mutate)
{
	struct draft *draft = mutate->draft;
	struct shift shift = {.mutate = mutate};
	struct change *change;

	shift.program = PAGE_SIZE * (1 + mutate_random(mutate, 1 << 16));
	shift.mapping = PAGE_SIZE * (1 + mutate_random(mutate, 1 << 16));
	shift.stack = 1 + mutate_random(mutate, UINT32_MAX);
	mutate_events(draft, shift_event, &shift);
	for (size_t i = 0; i < draft->frames_count; i++)
		shift_frame(&shift, &draft->frames[i]);
	change = mutate_note(mutate, NULL, "addresses");
	snprintf(change->is, sizeof(change->is), "programs by 0x%lx, mappings by -0x%lx", (unsigned long)shift.program,
		 (unsigned long)shift.mapping);
}
