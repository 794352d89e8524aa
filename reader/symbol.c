// SPDX-License-Identifier: MIT
/*
 * Addresses to functions and lines by libdwfl, one session a module, everything remembered.
 */
#include "reader/symbol.h"
#include "reader/copy.h"
#include "reader/index.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOLS_BUDGET (1ull << 30)

/* An ELF file, as named by some process's module. */
struct symbol_file {
	const char *path;
	const uint8_t *build_id;
	uint32_t build_id_size;
	Dwfl *session;	     /* NULL when it cannot be read or is another file now */
	Dwfl_Module *module; /* of the session */
	Dwarf_Addr bias;     /* what the session adds to the file's addresses */
};

struct symbols {
	struct arena arena;
	struct symbol_file *files;
	size_t files_count, files_room;
	struct symbol *found;
	size_t found_count, found_room;
	struct index index; /* (file, address in it) to `found` */
};

int symbols_new(struct symbols **symbols)
{
	*symbols = calloc(1, sizeof(**symbols));
	if (!*symbols)
		return -ENOMEM;
	(*symbols)->arena.budget = SYMBOLS_BUDGET;
	return 0;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->files_count; i++)
		if (symbols->files[i].session)
			dwfl_end(symbols->files[i].session);
	free(symbols->files);
	free(symbols->found);
	index_free(&symbols->index);
	arena_free(&symbols->arena);
	free(symbols);
}

static bool is_same_file(const struct symbol_file *file)
{
	const unsigned char *bits = NULL;
	GElf_Addr where;
	int size = dwfl_module_build_id(file->module, &bits, &where);

	if (!file->build_id_size)
		return true;
	return size == (int)file->build_id_size && !memcmp(bits, file->build_id, size);
}

static char *debug_paths;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debug_paths,
};

/* What the log names may be anything by now: pipes and devices are not waited for. */
static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void open_file(struct symbol_file *file)
{
	int fd = open_regular(file->path);
	Dwfl *session = fd >= 0 ? dwfl_begin(&callbacks) : NULL;

	if (session)
		file->module = dwfl_report_offline(session, file->path, file->path, fd);
	if (fd >= 0 && !file->module)
		close(fd);
	if (!session)
		return;
	dwfl_report_end(session, NULL, NULL);
	if (!file->module || !dwfl_module_getelf(file->module, &file->bias) || !is_same_file(file)) {
		dwfl_end(session);
		return;
	}
	file->session = session;
}

/* The file of a module, opened when it was not before. INDEX_NONE when out of memory. */
static uint32_t find_file(struct symbols *symbols, const struct frame_module *module)
{
	struct symbol_file *file;

	for (size_t i = 0; i < symbols->files_count; i++) {
		file = &symbols->files[i];
		if (file->build_id_size == module->build_id_size && !strcmp(file->path, module->path) &&
		    !memcmp(file->build_id, module->build_id, module->build_id_size))
			return (uint32_t)i;
	}
	if (symbols->files_count == symbols->files_room) {
		size_t room = symbols->files_room ? 2 * symbols->files_room : 16;
		file = reallocarray(symbols->files, room, sizeof(*file));
		if (!file)
			return INDEX_NONE;
		symbols->files = file;
		symbols->files_room = room;
	}
	file = &symbols->files[symbols->files_count];
	*file = (struct symbol_file){.path = copy_text(&symbols->arena, module->path)};
	file->build_id = copy_array(&symbols->arena, module->build_id, module->build_id_size, 1);
	file->build_id_size = module->build_id_size;
	if (!file->path || !file->build_id)
		return INDEX_NONE;
	open_file(file);
	return (uint32_t)symbols->files_count++;
}

static void look_up(struct symbols *symbols, const struct symbol_file *file, struct symbol *symbol)
{
	/* The call is before the address it returns to, and may be the last thing in its function or line. */
	Dwarf_Addr address = symbol->offset - 1 + file->bias;
	const char *name, *source;
	GElf_Off from;
	GElf_Sym found;
	Dwfl_Line *line;

	name = dwfl_module_addrinfo(file->module, address, &from, &found, NULL, NULL, NULL);
	if (name) {
		symbol->function = copy_text(&symbols->arena, name);
		symbol->function_offset = from + 1;
	}
	line = dwfl_module_getsrc(file->module, address);
	source = line ? dwfl_lineinfo(line, NULL, &symbol->line, NULL, NULL, NULL) : NULL;
	if (source)
		symbol->file = copy_text(&symbols->arena, source);
}

static void remember(struct symbols *symbols, uint32_t file, const struct symbol *symbol)
{
	if (symbols->found_count == symbols->found_room) {
		size_t room = symbols->found_room ? 2 * symbols->found_room : 256;
		struct symbol *found = reallocarray(symbols->found, room, sizeof(*found));
		if (!found)
			return;
		symbols->found = found;
		symbols->found_room = room;
	}
	symbols->found[symbols->found_count] = *symbol;
	if (!index_set(&symbols->index, file, symbol->offset, (uint32_t)symbols->found_count))
		symbols->found_count++;
}

void symbols_find(struct symbols *symbols, const struct frame_module *module, uint64_t address, struct symbol *symbol)
{
	uint32_t file = find_file(symbols, module), known;

	*symbol = (struct symbol){.offset = address - module->base};
	if (file == INDEX_NONE)
		return;
	known = index_get(&symbols->index, file, symbol->offset);
	if (known != INDEX_NONE) {
		*symbol = symbols->found[known];
		return;
	}
	if (symbols->files[file].session)
		look_up(symbols, &symbols->files[file], symbol);
	remember(symbols, file, symbol);
}
