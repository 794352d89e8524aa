// SPDX-License-Identifier: MIT
/* See environment.h. */
#include <unistd.h>

#include "preload/environment.h"
#include "preload/follow.h"
#include "preload/image.h"
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

/* Whether a list like LD_PRELOAD's names us already. */
static bool list_has(const char *list, const char *library)
{
	while (*list) {
		size_t i = 0;
		while (library[i] && list[i] == library[i])
			i++;
		if (!library[i] && (!list[i] || list[i] == ':' || list[i] == ' '))
			return true;
		while (*list && *list != ':' && *list != ' ')
			list++;
		while (*list == ':' || *list == ' ')
			list++;
	}
	return false;
}

size_t environment_plan(struct environment_plan *plan, char *const envp[])
{
	uint64_t entry;

	plan->from = envp;
	plan->count = 0;
	plan->preload = plan->live = -1;
	plan->preload_size = 0;
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
	if (plan->preload >= 0) {
		const char *list = envp[plan->preload] + sizeof(preload_name) - 1;
		if (!list_has(list, image.library))
			plan->preload_size = sizeof(preload_name) + text_length(image.library) + 1 + text_length(list);
	} else {
		plan->preload_size = sizeof(preload_name) + text_length(image.library);
	}
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

char **environment_build(const struct environment_plan *plan, void *memory)
{
	char **envp = memory;
	size_t count = 0;

	for (; count < plan->count; count++)
		envp[count] = plan->from[count];
	if (plan->preload_size) {
		char *text = (char *)(envp + plan->count + 3), *end = text_append(text, preload_name);
		end = text_append(end, image.library);
		if (plan->preload >= 0) {
			*end++ = ':';
			end = text_append(end, plan->from[plan->preload] + sizeof(preload_name) - 1);
		}
		*end = 0;
		envp[plan->preload >= 0 ? (size_t)plan->preload : count++] = text;
	}
	if (plan->live < 0)
		envp[count++] = image.live_variable;
	else
		envp[plan->live] = image.live_variable;
	envp[count] = NULL;
	return envp;
}
