// SPDX-License-Identifier: MIT
/*
 * A program that looks at itself: what is open, what stands in its maps and environment, errno at its start, how many
 * threads and keys there are; then it overwrites its environment, as programs do to show a title, and starts another.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/socket.h>
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
