// SPDX-License-Identifier: MIT
/*
 * Lines that are put together of what is kept of others like them, against lines that are made for themselves alone.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "format/batch.h"
#include "format/crc32c.h"
#include "format/log_writer.h"
#include "reader/line.h"

#define CALLS	     2000
#define PAYLOAD_MAX  64u
#define RECORD_WORDS 64

static char path[] = "/tmp/test_line.XXXXXX";
static const struct log_head head = {.tool_version = "0", .catalogue = &catalogue_builtin};

/* ---- a log ---------------------------------------------------------------------------------------------------- */

struct made_record {
	uint64_t words[RECORD_WORDS];
	uint32_t size; /* in words */
};

static unsigned find_call(const char *name)
{
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			return i;
	cr_fatal("no call %s", name);
}

static struct record_call *record_begin(struct made_record *made, const char *name, uint64_t when, int64_t result)
{
	struct record_call *call = (struct record_call *)made->words;
	unsigned number = find_call(name);

	*made = (struct made_record){.size = sizeof(*call) / 8 + catalogue_builtin.calls[number].argc};
	call->head.type = RECORD_CALL + number;
	call->enter = when;
	call->duration = 3 + when % 5;
	call->result = result;
	return call;
}

static void record_add(struct made_record *made, unsigned arg, enum item_form form, const void *bytes, uint32_t size)
{
	struct item item = {.arg = (uint8_t)arg, .form = (uint8_t)form, .size = size, .total = size};

	memcpy(made->words + made->size, &item, sizeof(item));
	memcpy(made->words + made->size + sizeof(item) / 8, bytes, size);
	made->size += item_words(size);
}

static void batch_take(struct batch *batch, struct made_record *made)
{
	struct record_call *call = (struct record_call *)made->words;

	call->head.words = made->size;
	cr_assert(eq(int, batch_add(batch, call, made->size * 8), 0));
}

/* What an event loop does: waits, reads what is always different, answers the same, and now and then closes and opens.
 */
static void add_call(struct batch *batch, uint64_t i)
{
	struct made_record made;
	struct record_call *call;
	int fd = 5 + rand() % 4;
	char bytes[PAYLOAD_MAX];
	struct epoll_event ready[3];

	switch (i % 8) {
	case 0:
		call = record_begin(&made, "epoll_wait", 10 * i, 1 + rand() % 3);
		call->args[0] = 3;
		call->args[1] = 0x7f0000000000;
		call->args[2] = 512;
		call->args[3] = (uint64_t)(rand() % 100);
		for (int64_t n = 0; n < call->result; n++)
			ready[n] = (struct epoll_event){.events = EPOLLIN | (rand() % 2 ? EPOLLOUT : 0),
							.data.u64 = (uint64_t)rand()};
		record_add(&made, 1, ITEM_RAW, ready, (uint32_t)(call->result * (int64_t)sizeof(ready[0])));
		break;
	case 7:
		call = record_begin(&made, rand() % 2 ? "close" : "dup2", 10 * i, 0);
		call->args[0] = (uint64_t)fd;
		if (call->head.type == RECORD_CALL + find_call("dup2"))
			call->result = (int64_t)(call->args[1] = (uint64_t)(5 + rand() % 4));
		break;
	case 1:
	case 4:
		call = record_begin(&made, "write", 10 * i, rand() % 50 ? 5 : -1);
		call->args[0] = (uint64_t)fd;
		call->args[1] = 0x7f0000001000;
		call->args[2] = 5;
		if (call->result < 0)
			call->error = 11;
		else
			record_add(&made, 1, ITEM_PAYLOAD, "+OK\r\n", 5);
		break;
	default:
		call = record_begin(&made, "read", 10 * i, 1 + rand() % (int)PAYLOAD_MAX);
		call->args[0] = (uint64_t)fd;
		call->args[1] = 0x7f0000001000 + (uint64_t)rand() % 1000;
		call->args[2] = PAYLOAD_MAX;
		for (int64_t n = 0; n < call->result; n++)
			bytes[n] = (char)(rand() % 4 ? 'a' + rand() % 26 : rand() % 256);
		record_add(&made, 1, ITEM_PAYLOAD, bytes, (uint32_t)call->result);
	}
	batch_take(batch, &made);
}

static void write_log(void)
{
	const struct log_anchor from = {0, 0, 1000000}, to = {10 * CALLS, 10 * CALLS, 1000000 + 10 * CALLS};
	struct log_writer *writer;
	struct batch *batch;
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	cr_assert(eq(int, log_writer_open(&writer, fd, &head), 0));
	cr_assert(eq(int, batch_new(&batch, &catalogue_builtin), 0));
	for (uint64_t i = 0; i < CALLS; i++)
		add_call(batch, i);
	cr_assert(eq(int, batch_encode(batch, 1, 1, 0, 0, log_writer_packer(writer)), 0));
	cr_assert(eq(int, log_writer_flush(writer, &from, &to), 0));
	log_writer_free(writer);
	batch_free(batch);
	close(fd);
}

/* ---- the same lines twice ------------------------------------------------------------------------------------- */

struct side {
	struct trace *trace;
	struct lines lines;
	struct text text;
};

static void side_open(struct side *side, const struct line_style *style, bool names)
{
	struct log_trouble trouble;

	*side = (struct side){0};
	cr_assert(eq(int, trace_open(&side->trace, path, NULL, &trouble), 0));
	if (names)
		cr_assert(eq(int, identity_new(&side->lines.identities, trace_catalogue(side->trace)), 0));
	side->lines.trace = side->trace;
	side->lines.style = *style;
	lines_begin(&side->lines);
}

static void side_close(struct side *side)
{
	lines_end(&side->lines);
	identity_free(side->lines.identities);
	trace_close(side->trace);
	text_free(&side->text);
}

static void print_many(struct side *side, bool json)
{
	struct trace_entry entry;
	uint32_t rows;

	while (trace_next_rows(side->trace, &entry, 100, &rows) == 0)
		cr_assert(eq(int,
			     (json ? line_print_json_rows : line_print_rows)(&side->lines, &entry, rows, &side->text),
			     0));
}

static void print_singly(struct side *side, bool json)
{
	struct trace_entry entry;

	while (trace_next(side->trace, &entry) == 0) {
		entry.batch = NULL; /* nothing is kept then */
		cr_assert(eq(int, identity_feed(side->lines.identities, &entry), 0));
		if (entry.kind == TRACE_EVENT)
			(json ? line_print_json : line_print)(&side->lines, &entry, &side->text);
	}
}

static void expect_same(const struct line_style *style, bool names, bool json)
{
	struct side many, singly;
	const char *at, *other;
	unsigned lines = 0;

	side_open(&many, style, names);
	side_open(&singly, style, names);
	print_many(&many, json);
	print_singly(&singly, json);
	other = text_string(&singly.text);
	for (at = text_string(&many.text); *at; lines++) {
		size_t size = strcspn(at, "\n") + 1;
		if (strncmp(at, other, size))
			cr_fatal("%.*s%.*s", (int)size, at, (int)strcspn(other, "\n") + 1, other);
		at += size;
		other += size;
	}
	cr_assert(eq(chr, *other, '\0'));
	cr_assert(eq(u32, lines, CALLS));
	side_close(&many);
	side_close(&singly);
}

static void remove_log(void)
{
	unlink(path);
}

TestSuite(line, .init = write_log, .fini = remove_log);

Test(line, is_the_same_whether_others_like_it_were_kept_or_not)
{
	const struct line_style styles[] = {
		{.string_limit = UINT32_MAX},
		{.string_limit = 8, .threads = true, .time = 2},
		{.string_limit = UINT32_MAX, .names = 1, .durations = true, .relative = true},
		{.string_limit = UINT32_MAX, .names = 2, .time = 3, .color = true},
	};

	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		expect_same(&styles[i], false, false);
		expect_same(&styles[i], true, false);
	}
}

Test(line, of_json_is_the_same_whether_others_like_it_were_kept_or_not)
{
	const struct line_style style = {.string_limit = UINT32_MAX};

	expect_same(&style, true, true);
	expect_same(&style, false, true);
}
