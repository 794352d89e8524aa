// SPDX-License-Identifier: MIT
/*
 * A program that looks at itself: what is open, what stands in its maps and environment, errno at its start, how many
 * threads and keys there are; then it overwrites its environment, as programs do to show a title, and starts another.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

extern char **environ;

static int count_entries(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	while (folder && readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* Lines that hold together, and a writable text nowhere. */
static void look_at_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4400], rights[5];
	unsigned long start, end, last = 0, wrong = 0, both = 0;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3 || start < last || end <= start)
			wrong++;
		both += rights[1] == 'w' && rights[2] == 'x';
		last = end;
	}
	fclose(maps);
	printf("maps: %lu wrong, %lu writable and executable\n", wrong, both);
}

#define THREADS	   12
#define HOLE_SIZE  (4ul << 20)
#define STACK_SIZE (128ul << 10)

static pthread_barrier_t together;

static void *run_together(void *argument)
{
	pthread_barrier_wait(&together);
	return NULL;
}

/* Where the kernel would map next nothing may be mapped but by the program, which may be about to let a stack grow. */
static void look_at_hole(void)
{
	char *stacks = mmap(NULL, THREADS * STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *hole = mmap(NULL, HOLE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t threads[THREADS];
	pthread_attr_t attributes;

	pthread_barrier_init(&together, NULL, THREADS);
	munmap(hole, HOLE_SIZE);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, stacks + i * STACK_SIZE, STACK_SIZE);
		if (pthread_create(&threads[i], &attributes, run_together, NULL))
			give_up("pthread_create");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	bool is_free =
		mmap(hole, HOLE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == hole;
	printf("a hole after %u threads: %s\n", THREADS, is_free ? "still one" : "filled");
}

static void count_keys(void)
{
	pthread_key_t key;
	int count = 0;

	while (pthread_key_create(&key, NULL) == 0)
		count++;
	printf("%d keys\n", count);
}

/* Everything from the first argument to the last variable is overwritten; the variables have moved before. */
static void set_title(char **argv)
{
	size_t count = 0;
	char *start = argv[0], *end = argv[0], **moved;

	while (environ[count])
		count++;
	moved = calloc(count + 1, sizeof(*moved));
	for (size_t i = 0; i < count; i++) {
		end = environ[i] + strlen(environ[i]);
		moved[i] = strdup(environ[i]);
	}
	environ = moved;
	memset(start, 'T', (size_t)(end - start));
}

int main(int argc, char **argv)
{
	int error = errno, status;

	if (argc > 1) {
		send(-1, NULL, 0, 0);
		printf("the next image\n");
		return 0;
	}
	printf("errno %d at the start\n", error);
	printf("%d descriptors, %d threads\n", count_entries("/proc/self/fd"), count_entries("/proc/self/task"));
	printf("no child: %d\n", waitpid(-1, &status, WNOHANG) == -1 ? errno : 0);
	look_at_maps();
	look_at_hole();
	count_keys();
	set_title(argv);
	send(-1, NULL, 0, 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "looks", "again", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	child = fork();
	if (child == 0) {
		environ = NULL;
		execl("/proc/self/exe", "looks", "again", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	fact_made("send", 3);
	return 0;
}
