// SPDX-License-Identifier: MIT
/*
 * Processes and threads: their places in the tree of creation, and what a fork or an exec does to what they have open.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer paths in the tree of creation are abbreviated: a chain of forks would otherwise take quadratic memory. */
#define PATH_MAX_LENGTH 160

/* ---- threads ---- */

/* `path` NULL: that of the process, for its first thread. */
static struct thread *thread_new(struct identities *identity, struct process *process, uint32_t tid, const char *path)
{
	struct thread *thread = calloc(1, sizeof(*thread));
	char *label = strdup(path ? path : process->object.label);

	if (!thread || !label ||
	    map_put(&identity->threads, thread_key((uint32_t)process->object.number, tid), thread)) {
		free(thread);
		free(label);
		identity->error = -ENOMEM;
		return NULL;
	}
	thread->object = (struct object){.id = ++identity->last_id,
					 .type = OBJECT_THREAD,
					 .role = "thread",
					 .process = &process->object,
					 .label = label,
					 .number = tid,
					 .identity = identity,
					 .refs = 1};
	thread->owner = process;
	thread->next = identity->all_threads;
	if (thread->next)
		thread->next->previous = thread;
	identity->all_threads = thread;
	return thread;
}

void thread_free(struct thread *thread)
{
	free(thread->object.label);
	free(thread->object.name);
	free(thread);
}

static void thread_settle(struct identities *identity, struct thread *thread)
{
	if (!thread->is_over || thread->object.holds)
		return;
	*(thread->previous ? &thread->previous->next : &identity->all_threads) = thread->next;
	if (thread->next)
		thread->next->previous = thread->previous;
	thread_free(thread);
}

void thread_hold(struct object *object, struct thread *thread)
{
	struct thread *before = (struct thread *)object->thread;

	object->thread = thread ? &thread->object : NULL;
	if (thread) {
		object->process = &thread->owner->object;
		thread->object.holds++;
	}
	if (!before)
		return;
	before->object.holds--;
	thread_settle(object->identity, before);
}

static void print_path(char *path, size_t size, const char *base, const char *letter, uint32_t ordinal, uint64_t id)
{
	if (strlen(base) > PATH_MAX_LENGTH)
		snprintf(path, size, "P..%llu.%s%u", (unsigned long long)id, letter, ordinal);
	else
		snprintf(path, size, "%s.%s%u", base, letter, ordinal);
}

static struct thread *thread_begin(struct identities *identity, struct process *process, uint32_t tid,
				   struct thread *creator, uint32_t ordinal)
{
	char path[PATH_MAX_LENGTH + 64];

	if (!creator)
		creator = process->main;
	if (!ordinal)
		ordinal = creator->threads + 1;
	if (ordinal > creator->threads)
		creator->threads = ordinal;
	print_path(path, sizeof(path), creator->object.label, "t", ordinal, identity->last_id);
	return thread_new(identity, process, tid, path);
}

struct thread *thread_find(struct identities *identity, struct process *process, uint32_t tid)
{
	struct thread *thread = map_get(&identity->threads, thread_key((uint32_t)process->object.number, tid));

	if (thread && thread->owner == process)
		return thread;
	if (tid == process->object.number)
		return process->main;
	return thread_begin(identity, process, tid, NULL, 0);
}

void thread_announce(struct identities *identity, const struct frame_thread *seen)
{
	struct process *process = process_find(identity, seen->pid);
	if (!process)
		return;

	process->threads_alive++;
	process->is_over = false;
	if (seen->tid == seen->pid)
		return;
	struct thread *creator = NULL;
	if (seen->creator && seen->creator != seen->tid)
		creator = thread_find(identity, process, seen->creator);
	thread_begin(identity, process, seen->tid, creator, seen->ordinal);
}

/*
 * A process is over with its last thread, but may be heard of again (the end of the image before an exec looks just
 * so), and its tables must then still be there: they are freed only after many others have ended.
 */
void thread_over(struct identities *identity, uint32_t pid, uint32_t tid)
{
	struct process *process = map_get(&identity->processes, pid);
	struct thread *thread = map_get(&identity->threads, thread_key(pid, tid));

	if (thread && process && thread->owner == process && thread != process->main) {
		map_take(&identity->threads, thread_key(pid, tid));
		thread->is_over = true;
		thread_settle(identity, thread);
	}
	if (!process || !process->threads_alive || --process->threads_alive)
		return;
	struct process **place = &identity->over[identity->over_next++ % (sizeof(identity->over) / sizeof(*place))];
	if (*place && (*place)->is_over)
		process_drop_tables(*place);
	process->is_over = true;
	*place = process;
}

/* ---- processes ---- */

void process_drop_tables(struct process *process)
{
	struct handles *descriptors = process->descriptors, *semaphores = process->semaphores;
	struct mapping_table *mappings = process->mappings;

	process->descriptors = handles_new();
	process->semaphores = handles_new();
	process->mappings = mapping_table_new(object_retain, object_release);
	if (!process->descriptors || !process->semaphores || !process->mappings) {
		/* Better to keep what is there than to have none. */
		handles_drop(process->descriptors);
		handles_drop(process->semaphores);
		mapping_table_drop(process->mappings);
		process->descriptors = descriptors;
		process->semaphores = semaphores;
		process->mappings = mappings;
		process->object.identity->error = -ENOMEM;
		return;
	}
	handles_leave(descriptors);
	handles_drop(semaphores);
	mapping_table_drop(mappings);
}

const char *identity_process_image(const struct object *object, bool *own)
{
	const struct process *process = (const struct process *)object;

	*own = process->image != NULL;
	while (process->parent && !process->image)
		process = process->parent;
	return process->image;
}

void process_free(struct process *process)
{
	handles_drop(process->descriptors);
	handles_drop(process->semaphores);
	mapping_table_drop(process->mappings);
	free(process->object.label);
	free(process->object.name);
	free(process->image);
	free(process);
}

/* A process at `path` with nothing in it; the first thread's counts go on from `before` when it is not NULL. */
static struct process *process_new(struct identities *identity, uint32_t pid, const char *path, struct process *parent,
				   const struct thread *before)
{
	struct process *process = calloc(1, sizeof(*process));
	if (!process)
		goto fail;

	process->object = (struct object){.id = ++identity->last_id,
					  .type = OBJECT_PROCESS,
					  .role = "process",
					  .label = strdup(path),
					  .number = pid,
					  .identity = identity,
					  .refs = 1};
	process->object.process = &process->object;
	process->parent = parent;
	process->descriptors = handles_new();
	process->semaphores = handles_new();
	process->mappings = mapping_table_new(object_retain, object_release);
	if (!process->object.label || !process->descriptors || !process->semaphores || !process->mappings)
		goto fail;
	process->main = thread_new(identity, process, pid, NULL);
	if (!process->main || map_put(&identity->processes, pid, process))
		goto fail;
	if (before) {
		process->main->threads = before->threads;
		process->main->children = before->children;
	}
	process->next = identity->all_processes;
	identity->all_processes = process;
	return process;
fail:
	/* A thread that was made already stays in the tables, which is harmless: its owner is compared first. */
	if (process)
		process_free(process);
	identity->error = -ENOMEM;
	return NULL;
}

static struct process *process_root(struct identities *identity, uint32_t pid)
{
	char path[16];
	struct process *before = map_get(&identity->processes, pid);

	snprintf(path, sizeof(path), "P%u", identity->roots++);
	struct process *process = process_new(identity, pid, path, NULL, NULL);
	if (process && before)
		process_drop_tables(before);
	return process;
}

struct process *process_find(struct identities *identity, uint32_t pid)
{
	struct process *process = map_get(&identity->processes, pid);

	return process ? process : process_root(identity, pid);
}

struct process *process_fork(struct identities *identity, struct thread *creator, uint32_t pid)
{
	char path[PATH_MAX_LENGTH + 64];
	struct process *parent = creator->owner;
	struct process *before = map_get(&identity->processes, pid);

	print_path(path, sizeof(path), creator->object.label, "", ++creator->children, identity->last_id);
	struct process *child = process_new(identity, pid, path, parent, NULL);
	if (!child)
		return NULL;
	child->object.thread = &creator->object;
	creator->object.holds++;
	handles_drop(child->descriptors);
	child->descriptors = handles_share(parent->descriptors);
	handles_drop(child->semaphores);
	child->semaphores = handles_share(parent->semaphores);
	mapping_table_drop(child->mappings);
	child->mappings = parent->mappings;
	child->mappings->sharers++;
	if (before)
		process_drop_tables(before);
	return child;
}

static bool is_kept_by_exec(void *context, const struct map_slot *slot)
{
	return !slot->flag;
}

/* The same process with another image: its open descriptors stay, its memory does not. */
static struct process *process_exec(struct identities *identity, struct process *before)
{
	struct process *process = process_new(identity, (uint32_t)before->object.number, before->object.label,
					      before->parent, before->main);
	if (!process)
		return NULL;
	process->object.thread = before->object.thread;
	if (process->object.thread)
		process->object.thread->holds++;
	handles_drop(process->descriptors);
	process->descriptors = handles_share(before->descriptors);
	process->threads_alive = 0;
	process_drop_tables(before);
	before->is_over = false;
	return process;
}

/* Whether `object` can be what the kernel calls `link`; tells it its inode when that was not known. */
static bool is_what_link_says(struct object *object, const char *link)
{
	unsigned long long inode;

	if (sscanf(link, "socket:[%llu]", &inode) == 1 && object->type != OBJECT_SOCKET)
		return false;
	if (sscanf(link, "pipe:[%llu]", &inode) == 1 && object->type != OBJECT_PIPE)
		return false;
	if (sscanf(link, "socket:[%llu]", &inode) != 1 && sscanf(link, "pipe:[%llu]", &inode) != 1)
		return object->type != OBJECT_SOCKET && object->type != OBJECT_PIPE;
	if (!object->inode)
		object->inode = inode;
	return object->inode == inode;
}

static struct object *object_inherit(struct identities *identity, struct process *process, const char *link)
{
	struct object *object = object_of_link(identity, process, link);

	if (object)
		object->is_inherited = true;
	return object;
}

/* The list of what is open at the start is the truth; what was known by other means lends it its names. */
static void process_adopt(struct identities *identity, struct process *process, const struct process_news *news)
{
	struct handles *open = handles_new();
	if (!open) {
		identity->error = -ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < news->fds_count; i++) {
		const struct open_fd *fd = &news->fds[i];
		struct object *object = map_get(&process->descriptors->map, (uint64_t)fd->fd);
		if (!object || !is_what_link_says(object, fd->link))
			object = object_inherit(identity, process, fd->link);
		if (object && handles_put(&open, (uint64_t)fd->fd, object, false))
			identity->error = -ENOMEM;
	}
	handles_drop(process->descriptors);
	process->descriptors = open;
}

static struct process *process_of_news(struct identities *identity, const struct process_news *news)
{
	struct process *known = map_get(&identity->processes, news->pid);
	struct process *parent = map_get(&identity->processes, news->parent);

	if (known && news->origin == PROCESS_EXEC)
		return process_exec(identity, known);
	if (known && news->origin == PROCESS_FORK && !known->has_begun)
		return known;
	if (known && news->origin == PROCESS_ROOT && !known->has_begun && !known->parent)
		return known;
	if (parent && parent != known)
		return process_fork(identity, parent->main, news->pid);
	return process_root(identity, news->pid);
}

void process_announce(struct identities *identity, struct process_news *news)
{
	struct process *process = process_of_news(identity, news);
	if (!process)
		return;

	process->has_begun = true;
	if (news->origin == PROCESS_FORK)
		return;
	if (!process->image && news->image) {
		process->image = news->image;
		news->image = NULL;
		free(process->object.name);
		process->object.name = NULL;
	}
	if (news->fds_count)
		process_adopt(identity, process, news);
	else if (handles_filter(&process->descriptors, is_kept_by_exec, NULL))
		identity->error = -ENOMEM;
}

void news_free(struct process_news *news)
{
	if (!news)
		return;
	for (uint32_t i = 0; news->fds && i < news->fds_count; i++)
		free(news->fds[i].link);
	free(news->fds);
	free(news->image);
	free(news);
}

/*
 * The name a program was called by: one file may be many programs (redis-server is a link to redis-check-rdb). A login
 * shell's has a dash in front. It is going to be printed as it is, so a byte that steers a terminal is a question mark.
 */
static char *copy_image(const struct frame_process *process)
{
	const char *path = process->argc && process->argv[0][0] ? process->argv[0] : process->exe;
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || !*path)
		return NULL;
	path = slash && slash[1] ? slash + 1 : path;
	char *image = strdup(path + (*path == '-'));
	for (char *at = image; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return image;
}

int identity_process(struct identities *identity, const struct frame_process *process)
{
	struct process_news *news = calloc(1, sizeof(*news));
	if (!news)
		return -ENOMEM;

	news->pid = process->pid;
	news->parent = process->parent;
	news->origin = process->origin;
	news->image = copy_image(process);
	if (process->fds_count && !(news->fds = calloc(process->fds_count, sizeof(*news->fds)))) {
		news_free(news);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < process->fds_count; i++) {
		char *link = strdup(process->fds[i].link);
		if (!link) {
			news_free(news);
			return -ENOMEM;
		}
		news->fds[news->fds_count++] = (struct open_fd){process->fds[i].fd, link};
	}
	return effect_push(identity, (struct effect){.type = EFFECT_PROCESS, .time = process->ticks, .payload = news});
}

int identity_thread(struct identities *identity, const struct frame_thread *thread)
{
	struct frame_thread *copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;

	*copy = *thread;
	return effect_push(identity, (struct effect){.type = EFFECT_THREAD, .time = thread->ticks, .payload = copy});
}

int identity_control(struct identities *identity, const struct object_control *control)
{
	if (control->action == CONTROL_MARK || control->is_suspended)
		return 0;
	return effect_push(identity, (struct effect){.type = EFFECT_GAP, .time = control->ticks});
}

void processes_forget(struct identities *identity)
{
	for (struct process *process = identity->all_processes; process; process = process->next)
		if (process->descriptors->map.count || process->semaphores->map.count || process->mappings->count)
			process_drop_tables(process);
}

int identity_thread_end(struct identities *identity, const struct frame_thread_end *end)
{
	return effect_push(
		identity,
		(struct effect){.type = EFFECT_THREAD_END, .time = end->ticks, .pid = end->pid, .key = end->tid});
}
