// SPDX-License-Identifier: MIT
/* See eh_frame.h: DWARF 4, section 6.4, in the variant of the System V ABI's Linux Standard Base. */
#include "preload/eh_frame.h"

#include <dlfcn.h>
#include <stdbool.h>

#include "preload/frame.h"
#include "trace/raw.h"

/* The registers of the tables, as the ABI numbers them. */
enum { REGISTER_BP = 6, REGISTER_SP = 7, REGISTER_RETURN = 16 };

static __typeof__(_dl_find_object) *object_find;

void eh_frame_prepare(void)
{
	*(void **)&object_find = dlsym(RTLD_DEFAULT, "_dl_find_object");
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* A piece of the tables. What would go beyond `end` reads as 0 and sets `failed`. */
struct span {
	const uint8_t *at, *end;
	bool failed;
};

static uint64_t span_number(struct span *span, unsigned size)
{
	uint64_t number = 0;

	if ((uint64_t)(span->end - span->at) < size) {
		span->failed = true;
		span->at = span->end;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		number |= (uint64_t)*span->at++ << 8 * i;
	return number;
}

static int64_t span_signed32(struct span *span)
{
	return (int32_t)span_number(span, 4);
}

/* A LEB128; a signed one has its highest bit again in all those above. */
static uint64_t span_leb(struct span *span, bool is_signed)
{
	uint64_t number = 0, byte;
	unsigned shift = 0;

	do {
		byte = span_number(span, 1);
		if (shift < 64)
			number |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && (byte & 0x40))
		number |= ~0ull << shift;
	return number;
}

static uint64_t span_uleb(struct span *span)
{
	return span_leb(span, false);
}

static int64_t span_sleb(struct span *span)
{
	return (int64_t)span_leb(span, true);
}

static void span_skip(struct span *span, uint64_t size)
{
	if ((uint64_t)(span->end - span->at) < size) {
		span->failed = true;
		size = (uint64_t)(span->end - span->at);
	}
	span->at += size;
}

/* ---- common and frame entries ----------------------------------------------------------------------------------- */

/* How addresses are written that we understand: 4 signed bytes, counted from where they stand. */
#define POINTER_PCREL_SDATA4 0x1b
/* The same from the start of .eh_frame_hdr, whose table has these. */
#define POINTER_DATAREL_SDATA4 0x3b
#define POINTER_UDATA4	       0x03

struct entry {
	uint64_t code_align;
	int64_t data_align;
	uint64_t from, size; /* the addresses that it speaks of */
	struct span initial, program;
};

static unsigned pointer_size(uint64_t encoding)
{
	static const unsigned char sizes[16] = {8, 0, 2, 4, 8, 0, 0, 0, 0, 0, 2, 4, 8};

	return sizes[encoding & 15];
}

/* False where there is something we do not understand, as in the frames of signal handlers. */
static bool augmentation_read(struct span *span, const char *letters)
{
	uint64_t encoding;

	span_uleb(span);
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			if (span_number(span, 1) != POINTER_PCREL_SDATA4)
				return false;
			break;
		case 'L':
			span_number(span, 1);
			break;
		case 'P':
			encoding = span_number(span, 1);
			if (!pointer_size(encoding) || (encoding & 0x70) == 0x50)
				return false;
			span_skip(span, pointer_size(encoding));
			break;
		default:
			return false;
		}
	}
	return true;
}

/* What follows the length that each piece of the tables begins with; `failed` where that is not to be had. */
static struct span piece_at(const uint8_t *at)
{
	struct span span = {at, at + 4};
	uint64_t length = span_number(&span, 4);

	span.failed = length < 8 || length >= 0xfffffff0u; /* the end of all, or longer than one can be */
	span.end = span.failed ? span.at : span.at + length;
	return span;
}

/* The part of a frame entry that it shares with others. */
static bool common_read(struct entry *entry, const uint8_t *at)
{
	struct span span = piece_at(at);
	bool is_common = span_number(&span, 4) == 0;
	uint64_t version = span_number(&span, 1);
	const char *letters = (const char *)span.at;

	while (span_number(&span, 1))
		;
	entry->code_align = span_uleb(&span);
	entry->data_align = span_sleb(&span);
	uint64_t column = version == 1 ? span_number(&span, 1) : span_uleb(&span);
	if (span.failed || !is_common || (version != 1 && version != 3) || column != REGISTER_RETURN)
		return false;
	if (letters[0] != 'z' || !augmentation_read(&span, letters + 1))
		return false;
	entry->initial = span;
	return !span.failed;
}

static bool entry_read(struct entry *entry, const uint8_t *at)
{
	struct span span = piece_at(at);
	const uint8_t *place = span.at;
	uint64_t back = span_number(&span, 4);

	if (span.failed || !back || !common_read(entry, place - back))
		return false;
	uint64_t from = (uint64_t)(uintptr_t)span.at;
	entry->from = from + (uint64_t)span_signed32(&span);
	entry->size = span_number(&span, 4);
	span_skip(&span, span_uleb(&span));
	entry->program = span;
	return !span.failed;
}

/* The frame entry that .eh_frame_hdr, a sorted table, has for `pc`. */
static bool entry_find(struct entry *entry, uint64_t pc)
{
	static const uint8_t format[4] = {1, POINTER_PCREL_SDATA4, POINTER_UDATA4, POINTER_DATAREL_SDATA4};
	struct dl_find_object object;

	if (!object_find || object_find((void *)(uintptr_t)pc, &object) || !object.dlfo_eh_frame)
		return false;
	const uint8_t *table = object.dlfo_eh_frame, *rows = table + 12;
	struct span count = {table + 8, rows};
	uint64_t low = 0, high = span_number(&count, 4);
	int64_t wanted = (int64_t)(pc - (uint64_t)(uintptr_t)table);
	for (unsigned i = 0; i < sizeof(format); i++)
		if (table[i] != format[i])
			return false;
	if (!high)
		return false;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		struct span row = {rows + middle * 8, rows + middle * 8 + 4};
		if (span_signed32(&row) <= wanted)
			low = middle;
		else
			high = middle;
	}
	struct span row = {rows + low * 8 + 4, rows + low * 8 + 8};
	return entry_read(entry, table + span_signed32(&row)) && pc - entry->from < entry->size;
}

/* ---- their programs --------------------------------------------------------------------------------------------- */

enum saved { SAVED_KEPT, SAVED_AT, SAVED_NOWHERE, SAVED_OTHERWISE };

/* Where one register of the caller is; SAVED_AT: at `offset` from the frame's end. */
struct place {
	enum saved saved;
	int64_t offset;
};

enum { PLACE_BP, PLACE_SP, PLACE_RETURN, PLACE_OTHER, PLACES };

struct row {
	bool is_plain; /* the frame's end is a register plus `offset` */
	int64_t base, offset;
	struct place places[PLACES];
};

#define ROWS_KEPT 4

struct machine {
	const struct entry *entry;
	struct span span;
	uint64_t at, pc;
	struct row row, initial, kept[ROWS_KEPT];
	unsigned depth;
};

static struct place *place_of(struct row *row, int64_t number)
{
	switch (number) {
	case REGISTER_BP:
		return &row->places[PLACE_BP];
	case REGISTER_SP:
		return &row->places[PLACE_SP];
	case REGISTER_RETURN:
		return &row->places[PLACE_RETURN];
	default:
		return &row->places[PLACE_OTHER]; /* no matter which */
	}
}

/* What stands behind an operation's code: lower case for words that name a register or count, B for a block to skip. */
static const char *const operands[] = {
	[0x00] = "",  [0x02] = "1",  [0x03] = "2",  [0x04] = "4",  [0x05] = "uu", [0x06] = "u",
	[0x07] = "u", [0x08] = "u",  [0x09] = "uu", [0x0a] = "",   [0x0b] = "",	  [0x0c] = "uu",
	[0x0d] = "u", [0x0e] = "u",  [0x0f] = "B",  [0x10] = "uB", [0x11] = "us", [0x12] = "us",
	[0x13] = "s", [0x14] = "uu", [0x15] = "us", [0x16] = "uB", [0x2e] = "u",
};

/* The operands of an operation; false when it is not one that we understand. */
static bool operands_read(struct span *span, uint64_t code, int64_t values[2])
{
	const char *letter = code < sizeof(operands) / sizeof(operands[0]) ? operands[code] : NULL;

	if (!letter)
		return false;
	for (; *letter; letter++) {
		if (*letter == 'B')
			span_skip(span, span_uleb(span));
		else if (*letter == 'u')
			*values++ = (int64_t)span_uleb(span);
		else if (*letter == 's')
			*values++ = span_sleb(span);
		else
			*values++ = (int64_t)span_number(span, (unsigned)(*letter - '0'));
	}
	return true;
}

/* Operations 0 to 0x2e of DWARF 4, 6.4.2, and one of GNU's. False where a program is not well-formed, or foreign. */
static bool operation_run(struct machine *machine, uint64_t code)
{
	struct row *row = &machine->row;
	int64_t values[2] = {0}, align = machine->entry->data_align;

	if (!operands_read(&machine->span, code, values))
		return false;
	switch (code) {
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04:
		machine->at += (uint64_t)values[0] * machine->entry->code_align;
		break;
	case 0x05: /* offset_extended, offset_extended_sf */
	case 0x11:
		*place_of(row, values[0]) = (struct place){SAVED_AT, values[1] * align};
		break;
	case 0x06: /* restore_extended */
		*place_of(row, values[0]) = *place_of(&machine->initial, values[0]);
		break;
	case 0x07: /* undefined */
		*place_of(row, values[0]) = (struct place){SAVED_NOWHERE, 0};
		break;
	case 0x08: /* same_value */
		*place_of(row, values[0]) = (struct place){SAVED_KEPT, 0};
		break;
	case 0x09: /* register, expression, val_offset, val_offset_sf, val_expression */
	case 0x10:
	case 0x14:
	case 0x15:
	case 0x16:
		*place_of(row, values[0]) = (struct place){SAVED_OTHERWISE, 0};
		break;
	case 0x0a: /* remember_state */
		if (machine->depth == ROWS_KEPT)
			return false;
		machine->kept[machine->depth++] = *row;
		break;
	case 0x0b: /* restore_state */
		if (machine->depth == 0)
			return false;
		*row = machine->kept[--machine->depth];
		break;
	case 0x0c: /* def_cfa, def_cfa_sf */
	case 0x12:
		row->is_plain = true;
		row->base = values[0];
		row->offset = code == 0x12 ? values[1] * align : values[1];
		break;
	case 0x0d: /* def_cfa_register */
		row->base = values[0];
		break;
	case 0x0e: /* def_cfa_offset, def_cfa_offset_sf */
	case 0x13:
		row->offset = code == 0x13 ? values[0] * align : values[0];
		break;
	case 0x0f: /* def_cfa_expression */
		row->is_plain = false;
		break;
	default: /* nop, GNU_args_size */
		break;
	}
	return true;
}

/* Runs a program up to `pc`. */
static bool machine_run(struct machine *machine, struct span program)
{
	machine->span = program;
	while (machine->span.at < machine->span.end && machine->at <= machine->pc) {
		uint64_t code = span_number(&machine->span, 1), low = code & 0x3f;
		switch (code >> 6) {
		case 1: /* advance_loc */
			machine->at += low * machine->entry->code_align;
			break;
		case 2: /* offset */
			*place_of(&machine->row, (int64_t)low) = (struct place){
				SAVED_AT, (int64_t)span_uleb(&machine->span) * machine->entry->data_align};
			break;
		case 3: /* restore */
			*place_of(&machine->row, (int64_t)low) = *place_of(&machine->initial, (int64_t)low);
			break;
		default:
			if (!operation_run(machine, code))
				return false;
		}
	}
	return !machine->span.failed;
}

static uint32_t row_rule(const struct row *row)
{
	const struct place *places = row->places;
	uint64_t words = (uint64_t)row->offset / 8, saved = 0;

	if (places[PLACE_RETURN].saved == SAVED_NOWHERE)
		return FRAME_LAST;
	if (!row->is_plain || (row->base != REGISTER_SP && row->base != REGISTER_BP) || row->offset <= 0 ||
	    row->offset % 8 || words > FRAME_END_WORDS(~0u) || places[PLACE_RETURN].saved != SAVED_AT ||
	    places[PLACE_RETURN].offset != -8 || places[PLACE_SP].saved != SAVED_KEPT)
		return FRAME_ODD;
	if (places[PLACE_BP].saved == SAVED_AT) {
		saved = (uint64_t)-places[PLACE_BP].offset / 8;
		if (places[PLACE_BP].offset >= 0 || places[PLACE_BP].offset % 8 || saved > FRAME_SAVED_WORDS(~0u))
			return FRAME_ODD;
	} else if (places[PLACE_BP].saved != SAVED_KEPT) {
		return FRAME_ODD;
	}
	return (uint32_t)(FRAME_PLAIN | (row->base == REGISTER_BP) << 2 | words << 3 | saved << 21);
}

uint32_t eh_frame_rule(uint64_t pc)
{
	struct entry entry;

	if (!entry_find(&entry, pc))
		return FRAME_ODD;
	struct machine machine = {.entry = &entry, .at = entry.from, .pc = pc};
	if (!machine_run(&machine, entry.initial))
		return FRAME_ODD;
	machine.initial = machine.row;
	if (!machine_run(&machine, entry.program))
		return FRAME_ODD;
	return row_rule(&machine.row);
}
