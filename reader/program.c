// SPDX-License-Identifier: MIT
/*
 * Reads programs from disk.
 */
#include "reader/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Text from a file may be anything, and is going to be printed. */
static void make_printable(char *text)
{
	for (; text && *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* ---- what kind of file ---- */

static int read_script(int fd, struct program *program)
{
	char line[512];
	ssize_t size = pread(fd, line, sizeof(line) - 1, 0);

	if (size < 2 || line[0] != '#' || line[1] != '!')
		return 0;
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	char *word = line + 2 + strspn(line + 2, " \t");
	size_t length = strcspn(word, " \t");
	char *rest = word + length + strspn(word + length, " \t");
	snprintf(program->interpreter, sizeof(program->interpreter), "%.*s", (int)length, word);
	snprintf(program->argument, sizeof(program->argument), "%s", rest);
	make_printable(program->interpreter);
	make_printable(program->argument);
	return PROGRAM_E_SCRIPT;
}

static void read_interpreter(Elf *elf, const GElf_Phdr *header, struct program *program)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_BYTE);

	if (data)
		snprintf(program->interpreter, sizeof(program->interpreter), "%.*s", (int)data->d_size,
			 (const char *)data->d_buf);
	make_printable(program->interpreter);
}

static void read_headers(Elf *elf, struct program *program)
{
	size_t count = 0;
	GElf_Phdr header;

	if (elf_getphdrnum(elf, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header))
			continue;
		if (header.p_type == PT_INTERP)
			read_interpreter(elf, &header, program);
		if (header.p_type == PT_DYNAMIC)
			program->is_dynamic = true;
	}
}

/* ---- sections ---- */

static void read_entry(Elf *elf, const GElf_Shdr *header, const GElf_Dyn *entry, struct program *program)
{
	const char *string;

	if (entry->d_tag != DT_NEEDED && entry->d_tag != DT_RUNPATH && entry->d_tag != DT_RPATH)
		return;
	string = elf_strptr(elf, header->sh_link, entry->d_un.d_val);
	if (!string)
		return;
	if (entry->d_tag != DT_NEEDED) {
		free(program->search_path);
		program->search_path = strdup(string);
	} else if (program->needed_count < PROGRAM_NEEDED_MAX) {
		program->needed[program->needed_count] = strdup(string);
		make_printable(program->needed[program->needed_count]);
		program->needed_count += program->needed[program->needed_count] != NULL;
	}
}

static void read_dynamic(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct program *program)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	GElf_Dyn entry;

	for (size_t i = 0; i < count && gelf_getdyn(data, (int)i, &entry); i++)
		read_entry(elf, header, &entry, program);
}

static void read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 void (*symbol)(void *context, const char *name, bool is_import), void *context)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	GElf_Sym entry;

	for (size_t i = 1; i < count && gelf_getsym(data, (int)i, &entry); i++) {
		const char *name = elf_strptr(elf, header->sh_link, entry.st_name);
		unsigned type = GELF_ST_TYPE(entry.st_info);
		if (name && *name && (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE))
			symbol(context, name, entry.st_shndx == SHN_UNDEF);
	}
}

static void read_sections(Elf *elf, struct program *program,
			  void (*symbol)(void *context, const char *name, bool is_import), void *context)
{
	size_t names = 0;
	GElf_Shdr header;

	elf_getshdrstrndx(elf, &names);
	for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
		if (!gelf_getshdr(section, &header))
			continue;
		const char *name = elf_strptr(elf, names, header.sh_name);
		if (name && (!strcmp(name, ".go.buildinfo") || !strcmp(name, ".note.go.buildid")))
			program->is_go = true;
		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(elf, section, &header, program);
		if (header.sh_type == SHT_DYNSYM && symbol)
			read_symbols(elf, section, &header, symbol, context);
	}
}

int program_read(const char *path, struct program *program,
		 void (*symbol)(void *context, const char *name, bool is_import), void *context)
{
	GElf_Ehdr header;

	*program = (struct program){0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return PROGRAM_E_UNREADABLE;
	int outcome = read_script(fd, program);
	if (outcome) {
		close(fd);
		return outcome;
	}
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
		outcome = PROGRAM_E_FOREIGN;
	} else {
		program->class_bits = gelf_getclass(elf) == ELFCLASS64 ? 64 : 32;
		program->machine = header.e_machine;
		read_headers(elf, program);
		read_sections(elf, program, symbol, context);
	}
	elf_end(elf);
	close(fd);
	return outcome;
}

void program_free(struct program *program)
{
	for (size_t i = 0; i < program->needed_count; i++)
		free(program->needed[i]);
	free(program->search_path);
	*program = (struct program){0};
}

/* ---- where things are ---- */

/* The next directory of a list separated by colons; false at its end. */
static bool next_directory(const char **list, char *directory, size_t size)
{
	if (!*list)
		return false;
	size_t length = strcspn(*list, ":");
	snprintf(directory, size, "%.*s", (int)length, *list);
	*list = (*list)[length] ? *list + length + 1 : NULL;
	return true;
}

int program_find(const char *name, char *path, size_t size)
{
	const char *list = getenv("PATH");
	char directory[4096];
	int error = ENOENT;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return access(path, X_OK) ? errno : 0;
	}
	if (!list)
		list = "/bin:/usr/bin";
	while (next_directory(&list, directory, sizeof(directory))) {
		snprintf(path, size, "%s/%s", *directory ? directory : ".", name);
		if (!access(path, X_OK))
			return 0;
		if (errno == EACCES)
			error = EACCES;
	}
	return error;
}

/* `list` with $ORIGIN in it being the directory of `path`: where the file is, not where a link to it stands. */
static bool find_in(const char *list, const char *path, const char *name, char *found, size_t size)
{
	char directory[4096], real[PATH_MAX];

	if (list && strstr(list, "ORIGIN") && realpath(path, real))
		path = real;
	const char *slash = strrchr(path, '/');
	int origin = slash ? (int)(slash - path) : 1;

	while (next_directory(&list, directory, sizeof(directory))) {
		const char *rest = NULL;
		if (!strncmp(directory, "$ORIGIN", 7))
			rest = directory + 7;
		else if (!strncmp(directory, "${ORIGIN}", 9))
			rest = directory + 9;
		if (rest)
			snprintf(found, size, "%.*s%s/%s", origin, slash ? path : ".", rest, name);
		else
			snprintf(found, size, "%s/%s", directory, name);
		if (!access(found, R_OK))
			return true;
	}
	return false;
}

bool program_find_library(const struct program *program, const char *path, const char *name, char *found, size_t size)
{
	const char *usual = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/usr/local/lib:/lib64:/usr/lib64:/lib:"
			    "/usr/lib";

	if (strchr(name, '/')) {
		snprintf(found, size, "%s", name);
		return !access(found, R_OK);
	}
	return (program->search_path && find_in(program->search_path, path, name, found, size)) ||
	       find_in(getenv("LD_LIBRARY_PATH"), path, name, found, size) || find_in(usual, path, name, found, size);
}
