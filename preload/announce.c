// SPDX-License-Identifier: MIT
/*
 * The records by which a process and a thread say who they are. Written once each; the kernel may be asked here, except
 * where a seccomp filter confines the image: then it is announced without its folder and its open descriptors.
 */
#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "preload/image.h"
#include "preload/unwinder.h"
#include "trace/raw.h"

#define ITEM_BYTES_MAX 4096
#define FDS_MAX	       256
#define MODULES_MAX    512

/* A record under construction in the ring; nothing is written beyond `end`. */
struct announcement {
	uint8_t *at, *end;
	char exe[512]; /* the dynamic linker has no name for the program itself */
};

static uint8_t *announce_item(struct announcement *record, enum item_form form, uint64_t size)
{
	uint64_t bytes = item_words((uint32_t)size) * 8ull;

	if ((uint64_t)(record->end - record->at) < bytes)
		return NULL;
	bytes_zero(record->at, bytes);
	*(struct item *)record->at = (struct item){ITEM_NO_ARG, (uint8_t)form, 0, (uint32_t)size, (uint32_t)size, 0};
	uint8_t *to = record->at + sizeof(struct item);
	record->at += bytes;
	return to;
}

static uint64_t text_length(const char *text)
{
	uint64_t length = 0;

	while (text[length])
		length++;
	return length;
}

static void announce_text(struct announcement *record, unsigned index, const char *text, uint64_t length)
{
	uint8_t *to = announce_item(record, ITEM_STRING, length);

	if (!to)
		return;
	((struct item *)to - 1)->index = (uint16_t)index;
	bytes_copy(to, text, length);
	if (index == 0 && length < sizeof(record->exe)) {
		bytes_copy(record->exe, text, length);
		record->exe[length] = 0;
	}
}

/* The path by which execve() was given the program, as far as it fits; it may be relative, and a link. */
static void announce_path(struct announcement *record)
{
	const char *path = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	uint64_t length = path ? text_length(path) : 0;

	if (length && length <= ITEM_BYTES_MAX)
		announce_text(record, 0, path, length);
}

/* Its buffer is not to be on the stack of a forked child, which may be small and needs none of it. */
static __attribute__((noinline)) void announce_link(struct announcement *record, unsigned index, const char *link)
{
	char text[ITEM_BYTES_MAX];
	long length = raw_syscall(SYS_readlinkat, AT_FDCWD, link, text, sizeof(text));

	if (length > 0)
		announce_text(record, index, text, (uint64_t)length);
}

static void announce_argv(struct announcement *record, char **argv)
{
	uint64_t size = 0;

	for (char **word = argv; argv && *word && size < ITEM_BYTES_MAX; word++)
		size += text_length(*word) + 1;
	if (size > ITEM_BYTES_MAX)
		size = ITEM_BYTES_MAX;
	uint8_t *to = size ? announce_item(record, ITEM_STRINGS, size) : NULL;
	if (!to)
		return;
	uint8_t *end = to + size;
	for (char **word = argv; *word && to < end; word++) {
		for (const char *letter = *word; *letter && to < end - 1; letter++)
			*to++ = (uint8_t)*letter;
		*to++ = 0;
	}
}

static void module_note(struct item_module *module, const struct dl_phdr_info *info)
{
	module->base = info->dlpi_addr;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X)) {
			/* there may be more than one, and in them is all code */
			if (!module->end || start < module->start)
				module->start = start;
			if (start + segment->p_memsz > module->end)
				module->end = start + segment->p_memsz;
		}
		if (segment->p_type != PT_NOTE)
			continue;
		for (uint64_t at = start; at + sizeof(ElfW(Nhdr)) <= start + segment->p_memsz;) {
			const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(uintptr_t)at;
			uint64_t name = at + sizeof(*note), data = name + (note->n_namesz + 3) / 4 * 4;
			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
			    note->n_descsz <= sizeof(module->build_id)) {
				module->build_id_size = note->n_descsz;
				bytes_copy(module->build_id, (const void *)(uintptr_t)data, note->n_descsz);
			}
			at = data + (note->n_descsz + 3) / 4 * 4;
		}
	}
}

static int announce_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct item_module module = {0};
	struct announcement *record = context;
	const char *path = info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : record->exe;

	module_note(&module, info);
	module.path_size = (uint32_t)text_length(path);
	if (module.path_size > ITEM_BYTES_MAX)
		return 0;
	uint8_t *to = announce_item(record, ITEM_MODULE, sizeof(module) + module.path_size);
	if (!to)
		return 1;
	bytes_copy(to, &module, sizeof(module));
	bytes_copy(to + sizeof(module), path, module.path_size);
	return 0;
}

struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static void announce_descriptor(struct announcement *record, long folder, const char *name)
{
	char link[ITEM_BYTES_MAX];
	long length = raw_syscall(SYS_readlinkat, folder, name, link, sizeof(link));
	struct item_open_fd open = {0, length > 0 ? (uint32_t)length : 0};

	for (; *name >= '0' && *name <= '9'; name++)
		open.fd = open.fd * 10 + (*name - '0');
	if (length <= 0 || open.fd == folder)
		return;
	uint8_t *to = announce_item(record, ITEM_OPEN_FD, sizeof(open) + open.link_size);
	if (!to)
		return;
	bytes_copy(to, &open, sizeof(open));
	bytes_copy(to + sizeof(open), link, open.link_size);
}

static __attribute__((noinline)) void announce_descriptors(struct announcement *record)
{
	_Alignas(8) char entries[1024];
	long folder = raw_syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), got;
	int count = 0;

	if (folder < 0)
		return;
	while ((got = raw_syscall(SYS_getdents64, folder, entries, sizeof(entries))) > 0 && count < FDS_MAX) {
		for (long at = 0; at < got && count < FDS_MAX; count++) {
			const struct directory_entry *entry = (const struct directory_entry *)(entries + at);
			if (entry->name[0] != '.')
				announce_descriptor(record, folder, entry->name);
			at += entry->size;
		}
	}
	raw_syscall(SYS_close, folder);
}

/* For a record of unknown size; what it does not use becomes padding. */
static uint32_t words_reserved(void)
{
	return image.view.ring_size / 32 < 4096 ? image.view.ring_size / 32 : 4096;
}

/* A process of which this image knows nothing more than its number has this image's for a parent. */
void process_announce(struct live_slot *slot, enum process_origin origin, char **argv)
{
	uint32_t words = origin == PROCESS_FORK ? sizeof(struct record_process) / 8 : words_reserved();
	struct stream_room room = stream_reserve(&image.view, slot, words);
	if (!room.at)
		return;
	struct record_process *process = (struct record_process *)room.at;
	uint64_t now = ticks_now();
	process->ticks = now;
	process->pid = slot->pid;
	process->parent = slot->pid == image.pid ? image.parent : image.pid;
	process->origin = origin;
	if (!image.view.no_kernel)
		image.uid = (uint32_t)raw_syscall(SYS_getuid);
	process->uid = image.uid;
	process->start_time = now;
	struct announcement record = {(uint8_t *)(process + 1), room.at + words * 8};
	if (origin != PROCESS_FORK && image.view.no_kernel) {
		announce_path(&record);
		announce_argv(&record, argv);
		dl_iterate_phdr(announce_module, &record);
	} else if (origin != PROCESS_FORK) {
		announce_link(&record, 0, "/proc/self/exe");
		announce_link(&record, 1, "/proc/self/cwd");
		announce_argv(&record, argv);
		announce_descriptors(&record);
		dl_iterate_phdr(announce_module, &record);
	}
	__atomic_fetch_add(&image.view.control->processes_begun, 1, __ATOMIC_RELAXED);
	stream_publish(slot, &room, words, (uint32_t)((record.at - room.at) / 8), RECORD_PROCESS_BEGIN);
}

/* How many libraries had ever been loaded when they were last announced. */
static uint64_t modules_added;

static int modules_look(struct dl_phdr_info *info, size_t size, void *changed)
{
	*(bool *)changed = info->dlpi_adds != modules_added;
	modules_added = info->dlpi_adds;
	return 1;
}

/*
 * Looks at what is loaded, without signals: a handler that takes a stack needs the loader's lock as well, and would
 * wait for it for ever, or, jumping out, would keep it.
 */
static void modules_walk(int (*look)(struct dl_phdr_info *, size_t, void *), void *context)
{
	uint64_t all = ~0ull, before;

	raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
	dl_iterate_phdr(look, context);
	raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
}

/* Who else is in the linker on the tracer's behalf is waited for, or left alone: see unwinder.h. */
static bool modules_changed(struct live_slot *slot)
{
	bool changed = false;

	if (!unwinder_enter(slot))
		return false;
	modules_walk(modules_look, &changed);
	unwinder_leave();
	return changed;
}

bool modules_announce(struct live_slot *slot)
{
	const uint32_t words = words_reserved();

	if (!modules_changed(slot))
		return false;
	struct stream_room room = stream_reserve(&image.view, slot, words);
	if (!room.at)
		return true;
	((struct record_mark *)room.at)->ticks = ticks_now();
	struct announcement record;
	record.at = room.at + sizeof(struct record_mark);
	record.end = room.at + words * 8;
	long length = raw_syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", record.exe, sizeof(record.exe) - 1);
	record.exe[length > 0 ? length : 0] = 0;
	if (unwinder_enter(slot)) {
		modules_walk(announce_module, &record);
		unwinder_leave();
	}
	stream_publish(slot, &room, words, (uint32_t)((record.at - room.at) / 8), RECORD_MODULES);
	return true;
}

void thread_announce(struct live_slot *slot, uint64_t start)
{
	const uint32_t words = sizeof(struct record_thread) / 8;
	struct stream_room room = stream_reserve(&image.view, slot, words);

	if (!room.at)
		return;
	struct record_thread *thread = (struct record_thread *)room.at;
	thread->ticks = ticks_now();
	thread->pid = slot->pid;
	thread->tid = slot->tid;
	thread->creator = slot->creator;
	thread->ordinal = slot->ordinal;
	thread->start = start;
	__atomic_fetch_add(&image.view.control->threads_begun, 1, __ATOMIC_RELAXED);
	stream_publish(slot, &room, words, words, RECORD_THREAD_BEGIN);
}
