// SPDX-License-Identifier: MIT
/*
 * `ipctrace doctor`: what of a command will not be seen, said before it is recorded, and how to see it all the same.
 * Looks at files only; the command is not run.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "format/catalogue.h"
#include "format/trouble.h"
#include "reader/command.h"
#include "reader/option.h"
#include "reader/output.h"
#include "reader/program.h"
#include "reader/text.h"

/* Scripts whose interpreters are scripts; libraries looked at. */
#define SCRIPTS_MAX   4
#define LIBRARIES_MAX 512
#define FINDINGS_MAX  64

/* In the order of how bad they are. */
enum level { LEVEL_OK, LEVEL_NOTE, LEVEL_PARTLY, LEVEL_NOT, LEVEL_COUNT };

static const char *const level_names[LEVEL_COUNT] = {"ok", "note", "partly", "not"};

/* What the command exits with. */
static const int level_statuses[LEVEL_COUNT] = {0, 0, 1, 3};

static const char *const verdicts[LEVEL_COUNT] = {"can be traced", "can be traced", "can be traced in part",
						  "cannot be traced"};

struct finding {
	enum level level;
	char what[600];
	const char *how; /* to see it; or NULL */
};

struct doctor {
	struct finding findings[FINDINGS_MAX];
	size_t count;
	enum level worst;
	char *libraries[LIBRARIES_MAX];
	size_t libraries_count;
	const char *file; /* being read */
	bool is_main;	  /* it is the executable itself */
	char own[400];	  /* traced names that it has functions of its own for */
};

static void find(struct doctor *doctor, enum level level, const char *how, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void find(struct doctor *doctor, enum level level, const char *how, const char *format, ...)
{
	va_list values;

	if (doctor->count == FINDINGS_MAX)
		return;
	struct finding *finding = &doctor->findings[doctor->count++];
	va_start(values, format);
	vsnprintf(finding->what, sizeof(finding->what), format, values);
	va_end(values);
	finding->level = level;
	finding->how = how;
	if (level > doctor->worst)
		doctor->worst = level;
}

/* ---- names ---- */

/* Names that tell, when a file takes them from elsewhere. */
static const struct {
	const char *prefix;
	enum level level;
	const char *what, *how;
} telling_imports[] = {
	{"io_uring_", LEVEL_PARTLY, "uses io_uring: what it does through its rings is not seen",
	 "many programs have an option or a variable to go without io_uring"},
	{"dlmopen", LEVEL_PARTLY, "calls dlmopen: libraries it loads into other namespaces are not seen", NULL},
	{"syscall", LEVEL_NOTE, "calls syscall(): seen where the number is that of a traced call", NULL},
	{"dlopen", LEVEL_NOTE, "calls dlopen: what it loads is seen; with RTLD_DEEPBIND only by record --shallow",
	 NULL},
};

static const struct {
	const char *prefix;
	enum level level;
	const char *what, *how;
} telling_libraries[] = {
	{"libasan.so", LEVEL_NOTE, "is linked with AddressSanitizer, which wants to be the first library",
	 "set ASAN_OPTIONS=verify_asan_link_order=0"},
	{"libtsan.so", LEVEL_NOTE, "is linked with ThreadSanitizer, whose wrappers are called before or after ours",
	 NULL},
	{"libc.musl", LEVEL_NOT, "is linked with musl: the tracer's library is for glibc", NULL},
	{"ld-musl", LEVEL_NOT, "is linked with musl: the tracer's library is for glibc", NULL},
};

static bool is_said(const struct doctor *doctor, const char *text)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (strstr(doctor->findings[i].what, text))
			return true;
	return false;
}

static bool is_traced(const char *name)
{
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			return true;
	return false;
}

static void check_symbol(void *context, const char *name, bool is_import)
{
	struct doctor *doctor = context;

	if (!is_import) {
		size_t used = strlen(doctor->own);
		if (doctor->is_main && is_traced(name) && used + strlen(name) + 3 < sizeof(doctor->own))
			snprintf(doctor->own + used, sizeof(doctor->own) - used, "%s%s", used ? ", " : "", name);
		return;
	}
	for (size_t i = 0; i < sizeof(telling_imports) / sizeof(telling_imports[0]); i++) {
		const char *prefix = telling_imports[i].prefix;
		size_t length = strlen(prefix);
		if (strncmp(name, prefix, length) || (prefix[length - 1] != '_' && name[length]))
			continue;
		/* Notes about libraries would be about nearly every program. */
		if (!doctor->is_main && telling_imports[i].level == LEVEL_NOTE)
			continue;
		if (!is_said(doctor, telling_imports[i].what))
			find(doctor, telling_imports[i].level, telling_imports[i].how, "%s %s", doctor->file,
			     telling_imports[i].what);
	}
}

/* ---- libraries ---- */

static bool is_known_library(const struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < doctor->libraries_count; i++)
		if (!strcmp(doctor->libraries[i], name))
			return true;
	return false;
}

/* libc and the loader offer and use everything; what libc does inside is the same for every program. */
static bool is_libc(const char *name)
{
	return !strncmp(name, "libc.so.", 8) || !strncmp(name, "ld-linux", 8);
}

static void check_library_name(struct doctor *doctor, const char *user, const char *name)
{
	for (size_t i = 0; i < sizeof(telling_libraries) / sizeof(telling_libraries[0]); i++)
		if (!strncmp(name, telling_libraries[i].prefix, strlen(telling_libraries[i].prefix)))
			find(doctor, telling_libraries[i].level, telling_libraries[i].how, "%s %s", user,
			     telling_libraries[i].what);
}

static void check_libraries(struct doctor *doctor, const struct program *program, const char *path);

static void check_library(struct doctor *doctor, const struct program *user, const char *user_path, const char *name)
{
	struct program library;
	char path[4096];

	if (is_known_library(doctor, name) || doctor->libraries_count == LIBRARIES_MAX)
		return;
	check_library_name(doctor, user_path, name);
	char *copy = strdup(name);
	if (!copy)
		return;
	doctor->libraries[doctor->libraries_count++] = copy;
	if (is_libc(name))
		return;
	if (!program_find_library(user, user_path, name, path, sizeof(path))) {
		find(doctor, LEVEL_NOTE, NULL, "the library %s was not found and not looked at", name);
		return;
	}
	doctor->file = path;
	doctor->is_main = false;
	if (!program_read(path, &library, check_symbol, doctor))
		check_libraries(doctor, &library, path);
	program_free(&library);
}

static void check_libraries(struct doctor *doctor, const struct program *program, const char *path)
{
	for (size_t i = 0; i < program->needed_count; i++)
		check_library(doctor, program, path, program->needed[i]);
}

/* ---- the executable ---- */

/* A program that gains rights by being started: the loader then ignores LD_PRELOAD. Root gains none. */
static void check_rights(struct doctor *doctor, const char *path)
{
	static const char how[] = "run it as root, or record a copy without the rights";
	struct stat status;

	if (stat(path, &status))
		return;
	if (status.st_mode & S_ISUID && status.st_uid != geteuid())
		find(doctor, LEVEL_NOT, how, "%s is setuid to another user: the loader ignores the tracer", path);
	if (status.st_mode & S_ISGID && status.st_mode & S_IXGRP && status.st_gid != getegid())
		find(doctor, LEVEL_NOT, how, "%s is setgid to another group: the loader ignores the tracer", path);
	if (geteuid() && getxattr(path, "security.capability", NULL, 0) > 0)
		find(doctor, LEVEL_NOT, how, "%s has file capabilities: the loader ignores the tracer", path);
}

static void check_executable(struct doctor *doctor, const struct program *program, const char *path)
{
	if (program->class_bits != 64 || program->machine != EM_X86_64) {
		find(doctor, LEVEL_NOT, "record it on a machine of its own kind, or a build for x86-64",
		     "%s is a %u-bit program for machine type %u: the tracer's library is for x86-64", path,
		     program->class_bits, program->machine);
		return;
	}
	if (!program->interpreter[0]) {
		find(doctor, LEVEL_NOT, "link it dynamically",
		     "%s is linked statically: there is no loader to bring the tracer in", path);
		return;
	}
	find(doctor, LEVEL_OK, NULL, "%s is a dynamically linked x86-64 program, loaded by %s", path,
	     program->interpreter);
	check_library_name(doctor, path,
			   strrchr(program->interpreter, '/') ? strrchr(program->interpreter, '/') + 1
							      : program->interpreter);
	if (program->is_go)
		find(doctor, LEVEL_PARTLY, NULL,
		     "%s is written in Go, which makes system calls itself: only calls through C are seen", path);
	if (doctor->own[0])
		find(doctor, LEVEL_PARTLY, NULL, "%s has functions of its own for %s: these calls are not seen as such",
		     path, doctor->own);
	check_libraries(doctor, program, path);
}

/* What comes after #!: the interpreter itself, or what env looks for. */
static int find_interpreter(const struct program *script, char *path, size_t size)
{
	const char *base = strrchr(script->interpreter, '/');
	char word[256];

	if (!strcmp(base ? base + 1 : script->interpreter, "env")) {
		const char *argument = script->argument;
		if (!strncmp(argument, "-S", 2))
			argument += 2 + strspn(argument + 2, " \t");
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(argument, " \t"), argument);
		if (*word && *word != '-')
			return program_find(word, path, size);
	}
	return program_find(script->interpreter, path, size);
}

/* 0, or 2 when there is nothing to look at. */
static int examine(struct doctor *doctor, char *path, size_t size)
{
	struct program program;

	for (int depth = 0; depth <= SCRIPTS_MAX; depth++) {
		doctor->file = path;
		doctor->is_main = true;
		doctor->own[0] = '\0';
		int outcome = program_read(path, &program, check_symbol, doctor);
		if (outcome == PROGRAM_E_SCRIPT) {
			char script[4096];
			snprintf(script, sizeof(script), "%s", path);
			int error = find_interpreter(&program, path, size);
			program_free(&program);
			find(doctor, LEVEL_OK, NULL, "%s is a script, run by %s", script, path);
			if (!error)
				continue;
			trouble_say("ipctrace doctor: %s: interpreter %s: %s", script, path, strerror(error));
			return 2;
		}
		if (outcome == PROGRAM_E_FOREIGN) {
			trouble_say("ipctrace doctor: %s: neither a program nor a script", path);
			return 2;
		}
		if (outcome) {
			trouble_say("ipctrace doctor: %s: %s", path, strerror(errno));
			return 2;
		}
		check_rights(doctor, path);
		check_executable(doctor, &program, path);
		program_free(&program);
		return 0;
	}
	trouble_say("ipctrace doctor: %s: scripts that run scripts, too deep", path);
	return 2;
}

/* ---- the command ---- */

/* What it is comes first, then the worst. */
static void sort_findings(const struct doctor *doctor, uint8_t *order)
{
	static const enum level levels[] = {LEVEL_OK, LEVEL_NOT, LEVEL_PARTLY, LEVEL_NOTE};
	size_t count = 0;

	for (size_t level = 0; level < LEVEL_COUNT; level++)
		for (size_t i = 0; i < doctor->count; i++)
			if (doctor->findings[i].level == levels[level])
				order[count++] = (uint8_t)i;
}

static void print_findings(const struct doctor *doctor, const char *command, struct text *out)
{
	uint8_t order[FINDINGS_MAX];

	sort_findings(doctor, order);
	text_format(out, "%s: %s\n", command, verdicts[doctor->worst]);
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->findings[order[i]];
		text_format(out, "  %-8s%s\n", level_names[finding->level], finding->what);
		if (finding->how)
			text_format(out, "  %-8s%s\n", "", finding->how);
	}
	if (doctor->worst != LEVEL_NOT)
		text_format(out, "  %-8swhat libc calls inside itself (stdio, name look-ups, malloc) is not seen\n",
			    level_names[LEVEL_NOTE]);
}

static void print_findings_json(const struct doctor *doctor, const char *command, struct text *out)
{
	text_put(out, "{\"command\": ");
	text_json_string(out, command);
	text_put(out, ", \"verdict\": ");
	text_json_string(out, verdicts[doctor->worst]);
	text_put(out, ", \"findings\": [");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->findings[i];
		text_put(out, i ? ",\n  {\"level\": " : "\n  {\"level\": ");
		text_json_string(out, level_names[finding->level]);
		text_put(out, ", \"what\": ");
		text_json_string(out, finding->what);
		text_put(out, ", \"how\": ");
		if (finding->how)
			text_json_string(out, finding->how);
		else
			text_put(out, "null");
		text_char(out, '}');
	}
	text_put(out, "\n ]}\n");
}

static int set_json(void *context, const char *value)
{
	*(bool *)context = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... COMMAND", "ipctrace doctor redis-server", NULL},
	{0, "json", NULL, "one JSON object", set_json},
};

int command_doctor(int argc, char **argv)
{
	bool json = false;
	char path[4096];
	struct output out = {.fd = STDOUT_FILENO};
	int first = options_parse(options, sizeof(options) / sizeof(options[0]), &json, argc, argv);

	if (first < 0)
		return 2;
	if (first >= argc) {
		trouble_say("ipctrace doctor: a command is wanted; see ipctrace doctor --help");
		return 2;
	}
	int error = program_find(argv[first], path, sizeof(path));
	if (error) {
		trouble_say("ipctrace doctor: cannot run '%s': %s", argv[first], strerror(error));
		return 2;
	}
	struct doctor *doctor = calloc(1, sizeof(*doctor));
	int status = doctor ? examine(doctor, path, sizeof(path)) : 2;
	if (!status) {
		if (json)
			print_findings_json(doctor, argv[first], &out.text);
		else
			print_findings(doctor, argv[first], &out.text);
		int written = output_flush(&out);
		if (written < 0)
			trouble_say("ipctrace doctor: cannot write: %s", strerror(-written));
		status = written < 0 ? 2 : level_statuses[doctor->worst];
	}
	output_free(&out);
	for (size_t i = 0; doctor && i < doctor->libraries_count; i++)
		free(doctor->libraries[i]);
	free(doctor);
	return status;
}
