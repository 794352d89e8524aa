// SPDX-License-Identifier: MIT
/* See environment.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "preload/environment.h"
#include "preload/image.h"
#include "preload/memory.h"
#include "trace/raw.h"

#define ENTRIES_MAX 65536

static const char preload_name[] = "LD_PRELOAD=";
static const char live_name[] = "IPCTRACE_LIVE=";

static size_t text_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

/* Our own environment is there for certain; anything else is looked at through the kernel, as execve itself will. */
static bool entry_read(char *const envp[], size_t index, uint64_t *entry)
{
	if (envp == environ) {
		*entry = (uint64_t)(uintptr_t)envp[index];
		return true;
	}
	return memory_read(entry, (uint64_t)(uintptr_t)&envp[index], sizeof(*entry));
}

static bool entry_begins(char *const envp[], uint64_t entry, const char *name, size_t size)
{
	char head[16];

	if (envp != environ) {
		for (size_t i = 0; i < size; i++)
			if (!memory_read(head, entry + i, 1) || head[0] != name[i])
				return false;
		return true;
	}
	const char *text = (const char *)(uintptr_t)entry;
	for (size_t i = 0; i < size; i++)
		if (text[i] != name[i])
			return false;
	return true;
}

static const char *list_next(const char *list)
{
	while (*list && *list != ':' && *list != ' ')
		list++;
	return list;
}

/* Whether a list like LD_PRELOAD's begins with us. */
static bool list_begins(const char *list, const char *library)
{
	size_t i = 0;

	while (library[i] && list[i] == library[i])
		i++;
	return !library[i] && list_next(list) == list + i;
}

/* Whether it names us anywhere. */
static bool list_has(const char *list, const char *library)
{
	while (*list) {
		if (list_begins(list, library))
			return true;
		list = list_next(list);
		while (*list == ':' || *list == ' ')
			list++;
	}
	return false;
}

/*
 * After a chroot() or without the rights it had, the new image may not find the library; the dynamic linker would say
 * so on its standard error. A name that the linker expands is left to the linker.
 */
static bool library_is_there(const char *library)
{
	if (image.view.no_kernel || library[0] != '/')
		return true;
	for (const char *letter = library; *letter; letter++)
		if (*letter == '$')
			return true;
	long there = raw_syscall(SYS_faccessat2, AT_FDCWD, library, R_OK, AT_EACCESS);
	return there == 0 || there == -ENOSYS;
}

/* How the variable LD_PRELOAD must change. */
static void preload_plan(struct environment_plan *plan)
{
	const char *list = plan->preload >= 0 ? plan->from[plan->preload] + sizeof(preload_name) - 1 : "";
	bool has = list_has(list, image.library);

	plan->is_left = !library_is_there(image.library);
	if (plan->is_left != has)
		return;
	plan->preload_size = sizeof(preload_name) + text_length(image.library) + 1 + text_length(list);
}

size_t environment_plan(struct environment_plan *plan, char *const envp[])
{
	uint64_t entry;

	plan->from = envp;
	plan->count = 0;
	plan->preload = plan->live = -1;
	plan->preload_size = 0;
	plan->is_left = false;
	if (!image.library || !image.live_path)
		return 0;
	for (; envp && plan->count < ENTRIES_MAX; plan->count++) {
		if (!entry_read(envp, plan->count, &entry))
			return 0; /* the kernel will say so as well */
		if (!entry)
			break;
		if (entry_begins(envp, entry, preload_name, sizeof(preload_name) - 1))
			plan->preload = (int64_t)plan->count;
		else if (entry_begins(envp, entry, live_name, sizeof(live_name) - 1))
			plan->live = (int64_t)plan->count;
	}
	if (plan->count == ENTRIES_MAX)
		return 0; /* it is passed as it is */
	preload_plan(plan);
	if (!plan->preload_size && plan->live >= 0)
		return 0;
	return (plan->count + 3) * sizeof(char *) + plan->preload_size;
}

static char *text_append(char *to, const char *text)
{
	size_t length = text_length(text);

	bytes_copy(to, text, length);
	return to + length;
}

/* The list without us; the empty string when nothing is left. */
static char *list_append_others(char *to, const char *list)
{
	const char *first = to;

	while (*list) {
		const char *end = list_next(list);
		if (!list_begins(list, image.library)) {
			if (to != first)
				*to++ = ':';
			bytes_copy(to, list, (size_t)(end - list));
			to += end - list;
		}
		list = *end ? end + 1 : end;
	}
	return to;
}

/* The entry LD_PRELOAD=..., at `text`; false when there is to be none. */
static bool preload_build(const struct environment_plan *plan, char *text)
{
	const char *list = plan->preload >= 0 ? plan->from[plan->preload] + sizeof(preload_name) - 1 : "";
	char *start = text_append(text, preload_name), *end = start;

	if (plan->is_left) {
		end = list_append_others(start, list);
	} else {
		end = text_append(end, image.library);
		if (*list) {
			*end++ = ':';
			end = text_append(end, list);
		}
	}
	*end = 0;
	return end != start;
}

void environment_settle(void)
{
	int saved = errno;

	for (char **entry = environ; image.library && entry && *entry; entry++) {
		/* any other is the program's own, and perhaps not to be written to */
		if (*entry + sizeof(preload_name) - 1 != image.preload_list || library_is_there(image.library))
			continue;
		char *end = list_append_others(image.preload_list, image.preload_list);
		*end = 0;
	}
	errno = saved;
}

char **environment_build(const struct environment_plan *plan, void *memory)
{
	char **envp = memory, *text = (char *)(envp + plan->count + 3);
	bool replaced = plan->preload_size != 0, kept = replaced && preload_build(plan, text);
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		bool is_preload = replaced && (int64_t)i == plan->preload;
		if (is_preload && !kept)
			continue;
		envp[count++] = is_preload ? text : (int64_t)i == plan->live ? image.live_variable : plan->from[i];
	}
	if (kept && plan->preload < 0)
		envp[count++] = text;
	if (plan->live < 0)
		envp[count++] = image.live_variable;
	envp[count] = NULL;
	return envp;
}
