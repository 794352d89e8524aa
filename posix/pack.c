// SPDX-License-Identifier: MIT
/*
 * See pack.h.
 */
#include "posix/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/batch.h"
#include "format/crc32c.h"
#include "format/object.h"
#include "posix/attributes.h"
#include "posix/names.h"

/* A word for a pointer whose bytes are recorded: it was no null pointer. */
#define POINTER_WORD 1u
#define ARGV_MAX     4096u

/* A thread that recorded events, and its stream in the log. */
struct packed_thread {
	uint32_t pid, tid;
	struct batch *batch;
	uint64_t next;	  /* number of the event that is added next */
	uint64_t lost;	  /* of those directly before the batch */
	uint64_t pending; /* added since the last frame */
	uint64_t told;	  /* of `lost`, what the frame in the making says */
	bool is_introduced, was_introduced;
};

struct packed_process {
	uint32_t pid;
	uint64_t *record; /* what /proc said of it when it was met: it may be gone when it is introduced */
	uint32_t words;
	bool is_introduced, was_introduced;
};

struct posix_pack {
	struct log_writer *writer;
	struct packed_thread *threads;
	struct packed_process *processes;
	size_t threads_count, processes_count;
	uint64_t events, lost;
	uint32_t rows[POSIX_TRACE_UNNAMED_USER_EVENT + 1]; /* of system events, and of users' behind them */
	uint8_t *record;				   /* an event as a call */
};

/* A call with a name and the largest data, and what else it may have. */
#define RECORD_MAX (sizeof(struct record_call) + 8 * CALL_ARGS_MAX + 4096 + DATA_SIZE_MAX)

static uint32_t row_find(const char *name)
{
	uint32_t row = 0;

	while (row < catalogue_posix.calls_count - 1u && strcmp(catalogue_posix.calls[row].name, name) != 0)
		row++;
	return row;
}

int posix_pack_new(struct posix_pack **pack)
{
	struct posix_pack *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->record = calloc(1, RECORD_MAX);
	if (!made->record) {
		free(made);
		return -ENOMEM;
	}
	for (uint32_t event = POSIX_TRACE_ERROR; event < POSIX_TRACE_UNNAMED_USER_EVENT; event++)
		made->rows[event] = row_find(event_name_predefined(event));
	made->rows[POSIX_TRACE_UNNAMED_USER_EVENT] = row_find("posix_trace_event");
	crc32c_prepare();
	*pack = made;
	return 0;
}

void posix_pack_free(struct posix_pack *pack)
{
	if (!pack)
		return;
	for (size_t i = 0; i < pack->threads_count; i++)
		batch_free(pack->threads[i].batch);
	for (size_t i = 0; i < pack->processes_count; i++)
		free(pack->processes[i].record);
	free(pack->threads);
	free(pack->processes);
	free(pack->record);
	free(pack);
}

/* ---- who it was ---- */

static struct packed_thread *thread_find(struct posix_pack *pack, uint32_t pid, uint32_t tid)
{
	for (size_t i = pack->threads_count; i > 0; i--)
		if (pack->threads[i - 1].tid == tid && pack->threads[i - 1].pid == pid)
			return &pack->threads[i - 1];
	struct packed_thread *threads = realloc(pack->threads, (pack->threads_count + 1) * sizeof(*threads));
	if (!threads)
		return NULL;
	pack->threads = threads;
	struct packed_thread *thread = &threads[pack->threads_count];
	*thread = (struct packed_thread){.pid = pid, .tid = tid};
	if (batch_new(&thread->batch, &catalogue_posix))
		return NULL;
	pack->threads_count++;
	return thread;
}

static uint8_t *item_write(uint8_t *at, const struct item *item, const void *bytes)
{
	memcpy(at, item, sizeof(*item));
	memcpy(at + sizeof(*item), bytes, item->size);
	memset(at + sizeof(*item) + item->size, 0, -(size_t)item->size & 7);
	return at + item_words(item->size) * 8ul;
}

static uint8_t *text_write(uint8_t *at, uint8_t form, uint16_t index, const char *text, ssize_t size)
{
	const struct item item = {ITEM_NO_ARG, form, index, (uint32_t)(size > 0 ? size : 0), 0, 0};

	return size > 0 ? item_write(at, &item, text) : at;
}

static ssize_t proc_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, size) : -1;

	if (fd >= 0)
		close(fd);
	return got;
}

/* What /proc says of a process now; *words is how long that is. NULL without memory. */
static uint64_t *process_look(uint32_t pid, uint32_t *words)
{
	uint64_t space[(sizeof(struct record_process) + 3 * sizeof(struct item) + 2 * PATH_MAX + ARGV_MAX + 24) / 8];
	uint8_t *at = (uint8_t *)space + sizeof(struct record_process);
	struct record_process process = {.pid = pid, .origin = PROCESS_ROOT, .uid = getuid()};
	char path[64], text[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	at = text_write(at, ITEM_STRING, PROCESS_EXE, text, readlink(path, text, sizeof(text)));
	snprintf(path, sizeof(path), "/proc/%u/cwd", pid);
	at = text_write(at, ITEM_STRING, PROCESS_CWD, text, readlink(path, text, sizeof(text)));
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	at = text_write(at, ITEM_STRINGS, 0, text, proc_read(path, text, ARGV_MAX));
	*words = (uint32_t)(at - (uint8_t *)space) / 8;
	process.head.words = *words & 0xfffff;
	memcpy(space, &process, sizeof(process));
	uint64_t *record = malloc(*words * 8ul);
	return record ? memcpy(record, space, *words * 8ul) : NULL;
}

static struct packed_process *process_find(struct posix_pack *pack, uint32_t pid)
{
	for (size_t i = 0; i < pack->processes_count; i++)
		if (pack->processes[i].pid == pid)
			return &pack->processes[i];
	struct packed_process *processes = realloc(pack->processes, (pack->processes_count + 1) * sizeof(*processes));
	if (!processes)
		return NULL;
	pack->processes = processes;
	struct packed_process *process = &processes[pack->processes_count];
	*process = (struct packed_process){.pid = pid};
	process->record = process_look(pid, &process->words);
	if (!process->record)
		return NULL;
	pack->processes_count++;
	return process;
}

int posix_pack_meet(struct posix_pack *pack, uint32_t pid)
{
	return process_find(pack, pid) ? 0 : -ENOMEM;
}

static int process_introduce(struct posix_pack *pack, const struct packed_process *process, uint64_t ticks)
{
	struct record_process *record = (struct record_process *)process->record;

	record->ticks = record->start_time = ticks;
	return object_pack_process(log_writer_packer(pack->writer), record, process->words * 8ul);
}

static int introduce(struct posix_pack *pack, struct packed_thread *thread, uint64_t ticks)
{
	struct packed_process *process = process_find(pack, thread->pid);
	struct record_thread begin = {
		.head.words = sizeof(begin) / 8, .ticks = ticks, .pid = thread->pid, .tid = thread->tid};

	if (!process)
		return -ENOMEM;
	int rc = process->is_introduced ? 0 : process_introduce(pack, process, ticks);
	if (!rc)
		rc = object_pack_thread(log_writer_packer(pack->writer), &begin, sizeof(begin));
	if (rc)
		return -ENOMEM;
	process->is_introduced = thread->is_introduced = true;
	return 0;
}

/* ---- events ---- */

/* An event on its way to being a call. */
struct conversion {
	const struct posix_record *record;
	uint8_t *at;	/* where the next item goes */
	uint32_t taken; /* of the data, by arguments before */
	uint64_t size;	/* of what the argument before points to */
};

static void string_write(struct conversion *conversion, uint8_t arg)
{
	const char *name = event_name(conversion->record->event);
	struct item item = {.arg = arg, .form = ITEM_STRING};

	name = name ? name : "";
	item.size = item.total = (uint32_t)strlen(name);
	conversion->at = item_write(conversion->at, &item, name);
}

/* All data of an event of the program; of a system event the next filter, without the zeros at its end. */
static void bytes_write(struct conversion *conversion, uint8_t arg)
{
	const struct posix_record *record = conversion->record;
	const uint8_t *data = (const uint8_t *)(record + 1) + conversion->taken;
	bool is_users = record->event >= POSIX_TRACE_UNNAMED_USER_EVENT;
	uint64_t size = is_users ? record->size : sizeof(trace_event_set_t), total = is_users ? record->total : size;
	struct item item = {.arg = arg, .form = ITEM_PAYLOAD};

	conversion->taken += (uint32_t)size;
	while (!is_users && size && !data[size - 1])
		total = --size;
	item.size = (uint32_t)size;
	item.total = total < UINT32_MAX ? (uint32_t)total : UINT32_MAX;
	/* of what was cut off nothing is known */
	item.hash = size == total ? crc32c_update(0, data, size) : 0;
	conversion->size = total;
	conversion->at = item_write(conversion->at, &item, data);
}

/* What the row of an event says of an argument, filled from the record. */
static uint64_t argument_write(struct conversion *conversion, uint8_t arg, const struct arg_spec *spec)
{
	int number;

	switch (spec->value.kind) {
	case KIND_STRING:
		string_write(conversion, arg);
		return POINTER_WORD;
	case KIND_BYTES:
		bytes_write(conversion, arg);
		return POINTER_WORD;
	case KIND_SIZE:
		return conversion->size;
	default:
		memcpy(&number, conversion->record + 1, sizeof(number));
		return (uint64_t)(int64_t)number;
	}
}

static const struct record_call *event_as_call(struct posix_pack *pack, const struct posix_record *record)
{
	bool is_users = record->event >= POSIX_TRACE_UNNAMED_USER_EVENT;
	uint32_t row = pack->rows[is_users ? POSIX_TRACE_UNNAMED_USER_EVENT : record->event];
	const struct call_spec *spec = &catalogue_posix.calls[row];
	struct record_call *call = (struct record_call *)pack->record;
	struct conversion conversion = {record, (uint8_t *)&call->args[spec->argc], 0, 0};

	*call = (struct record_call){.enter = record->ticks, .site = record->site};
	for (uint8_t i = 0; i < spec->argc; i++)
		call->args[i] = argument_write(&conversion, i, &spec->args[i]);
	call->head.type = (RECORD_CALL + row) & 0xfff;
	call->head.words = (uint32_t)(conversion.at - pack->record) / 8;
	return call;
}

static int thread_encode(struct posix_pack *pack, struct packed_thread *thread)
{
	uint32_t count = batch_count(thread->batch);
	int rc = batch_encode(thread->batch, thread->pid, thread->tid, thread->next - count, thread->lost,
			      log_writer_packer(pack->writer));

	if (!rc) {
		thread->told += thread->lost;
		thread->lost = 0;
	}
	return rc;
}

int posix_pack_add(struct posix_pack *pack, const struct posix_record *record)
{
	struct packed_thread *thread = thread_find(pack, record->pid, record->tid);
	int rc;

	if (!thread)
		return -ENOMEM;
	rc = thread->is_introduced ? 0 : introduce(pack, thread, record->ticks);
	if (rc)
		return rc;
	const struct record_call *call = event_as_call(pack, record);
	rc = batch_add(thread->batch, call, call->head.words * 8ul);
	if (rc == BATCH_E_FULL) {
		rc = thread_encode(pack, thread);
		if (!rc)
			rc = batch_add(thread->batch, call, call->head.words * 8ul);
	}
	if (rc)
		return rc < 0 ? rc : -ENOMEM;
	thread->next++;
	thread->pending++;
	return 0;
}

int posix_pack_skip(struct posix_pack *pack, const struct posix_record *record)
{
	struct packed_thread *thread = thread_find(pack, record->pid, record->tid);

	if (!thread)
		return -ENOMEM;
	thread->next++;
	thread->lost++;
	pack->lost++;
	return 0;
}

int posix_pack_finish(struct posix_pack *pack)
{
	int rc = 0;

	for (size_t i = 0; i < pack->threads_count && !rc; i++)
		if (pack->threads[i].is_introduced)
			rc = thread_encode(pack, &pack->threads[i]);
	return rc;
}

void posix_pack_written(struct posix_pack *pack, bool is_written)
{
	for (size_t i = 0; i < pack->processes_count; i++) {
		struct packed_process *process = &pack->processes[i];
		if (is_written)
			process->was_introduced = process->is_introduced;
		process->is_introduced = process->was_introduced;
	}
	for (size_t i = 0; i < pack->threads_count; i++) {
		struct packed_thread *thread = &pack->threads[i];
		if (is_written) {
			thread->was_introduced = thread->is_introduced;
			pack->events += thread->pending;
		} else {
			thread->lost += thread->pending + thread->told;
			pack->lost += thread->pending;
		}
		thread->is_introduced = thread->was_introduced;
		thread->pending = thread->told = 0;
	}
}

void posix_pack_begin(struct posix_pack *pack, struct log_writer *writer)
{
	pack->writer = writer;
	for (size_t i = 0; i < pack->threads_count; i++)
		batch_free(pack->threads[i].batch);
	pack->threads_count = 0;
	for (size_t i = 0; i < pack->processes_count; i++)
		pack->processes[i].is_introduced = pack->processes[i].was_introduced = false;
	pack->events = pack->lost = 0;
}

struct posix_pack_account posix_pack_account(const struct posix_pack *pack)
{
	struct posix_pack_account account = {
		.events = pack->events, .lost = pack->lost, .threads = pack->threads_count};

	for (size_t i = 0; i < pack->processes_count; i++)
		account.processes += pack->processes[i].was_introduced;
	return account;
}
