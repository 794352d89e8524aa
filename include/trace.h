/* SPDX-License-Identifier: MIT */
/*
 * <trace.h> of IEEE Std 1003.1-2001 to 1003.1-2017: the options Trace, Trace Event Filter, Trace Inherit and Trace Log.
 *
 * glibc has no such header. Link with `pkg-config --cflags --libs posixtrace`. All functions but posix_trace_event()
 * and posix_trace_eventid_equal() return 0 or an error number; none of them sets errno. What this implementation
 * leaves to itself, and what it cannot do, stands in docs/posix-trace.md.
 */
#ifndef _TRACE_H
#define _TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#define _POSIX_TRACE_RESTRICT
#else
#define _POSIX_TRACE_RESTRICT restrict
#endif

typedef int trace_id_t;
typedef unsigned trace_event_id_t;
typedef struct {
	uint64_t __bits[20];
} trace_event_set_t;
typedef union {
	char __size[320];
	uint64_t __align;
} trace_attr_t;

/* Limits. They are not in <limits.h>, which is libc's. */
#define _POSIX_TRACE_EVENT_NAME_MAX 30
#define _POSIX_TRACE_NAME_MAX	    8
#define _POSIX_TRACE_SYS_MAX	    8
#define _POSIX_TRACE_USER_EVENT_MAX 32

#define TRACE_EVENT_NAME_MAX 63	 /* characters of an event's name, without the NUL */
#define TRACE_NAME_MAX	     64	 /* bytes of a stream's name and of the generation version, with it */
#define TRACE_SYS_MAX	     32	 /* streams of one process at once */
#define TRACE_USER_EVENT_MAX 240 /* user event types of a process and its children, with the unnamed one */

/* Event types. Those of users have the numbers from 16 to 255, those of recorded calls from 256 on. */
#define POSIX_TRACE_ERROR	       1u
#define POSIX_TRACE_START	       2u
#define POSIX_TRACE_STOP	       3u
#define POSIX_TRACE_OVERFLOW	       4u
#define POSIX_TRACE_RESUME	       5u
#define POSIX_TRACE_FILTER	       6u
#define POSIX_TRACE_FLUSH_START	       7u
#define POSIX_TRACE_FLUSH_STOP	       8u
#define POSIX_TRACE_UNNAMED_USER_EVENT 9u
#define POSIX_TRACE_UNNAMED_USEREVENT  POSIX_TRACE_UNNAMED_USER_EVENT /* as some pages of the standard have it */

/* Policies, of inheritance, a full stream and a full log. */
#define POSIX_TRACE_CLOSE_FOR_CHILD 1
#define POSIX_TRACE_INHERITED	    2
#define POSIX_TRACE_LOOP	    1
#define POSIX_TRACE_UNTIL_FULL	    2
#define POSIX_TRACE_FLUSH	    3
#define POSIX_TRACE_APPEND	    4

/* Statuses. */
#define POSIX_TRACE_SUSPENDED	 0
#define POSIX_TRACE_RUNNING	 1
#define POSIX_TRACE_NOT_FULL	 0
#define POSIX_TRACE_FULL	 1
#define POSIX_TRACE_NO_OVERRUN	 0
#define POSIX_TRACE_OVERRUN	 1
#define POSIX_TRACE_NOT_FLUSHING 0
#define POSIX_TRACE_FLUSHING	 1

/* What became of an event's data. */
#define POSIX_TRACE_NOT_TRUNCATED    0
#define POSIX_TRACE_TRUNCATED_RECORD 1
#define POSIX_TRACE_TRUNCATED_READ   2

/* For posix_trace_eventset_fill() and posix_trace_set_filter(). */
#define POSIX_TRACE_WOPID_EVENTS  1
#define POSIX_TRACE_SYSTEM_EVENTS 2
#define POSIX_TRACE_ALL_EVENTS	  3
#define POSIX_TRACE_SET_EVENTSET  1
#define POSIX_TRACE_ADD_EVENTSET  2
#define POSIX_TRACE_SUB_EVENTSET  3

struct posix_trace_event_info {
	trace_event_id_t posix_event_id;
	pid_t posix_pid;
	void *posix_prog_address;  /* to which posix_trace_event(), or the recorded call, returned */
	pthread_t posix_thread_id; /* of an event from a log: the kernel's number of the thread */
	struct timespec posix_timestamp;
	int posix_truncation_status;
};

struct posix_trace_status_info {
	int posix_stream_status;
	int posix_stream_full_status;
	int posix_stream_overrun_status;
	int posix_stream_flush_status;
	int posix_stream_flush_error;
	int posix_log_overrun_status;
	int posix_log_full_status;
};

int posix_trace_attr_init(trace_attr_t *attr);
int posix_trace_attr_destroy(trace_attr_t *attr);
int posix_trace_attr_getclockres(const trace_attr_t *attr, struct timespec *resolution);
int posix_trace_attr_getcreatetime(const trace_attr_t *attr, struct timespec *createtime);
int posix_trace_attr_getgenversion(const trace_attr_t *attr, char *genversion);
int posix_trace_attr_getname(const trace_attr_t *attr, char *tracename);
int posix_trace_attr_setname(trace_attr_t *attr, const char *tracename);
int posix_trace_attr_getinherited(const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
				  int *_POSIX_TRACE_RESTRICT inheritancepolicy);
int posix_trace_attr_setinherited(trace_attr_t *attr, int inheritancepolicy);
int posix_trace_attr_getlogfullpolicy(const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
				      int *_POSIX_TRACE_RESTRICT logpolicy);
int posix_trace_attr_setlogfullpolicy(trace_attr_t *attr, int logpolicy);
int posix_trace_attr_getstreamfullpolicy(const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
					 int *_POSIX_TRACE_RESTRICT streampolicy);
int posix_trace_attr_setstreamfullpolicy(trace_attr_t *attr, int streampolicy);
int posix_trace_attr_getlogsize(const trace_attr_t *_POSIX_TRACE_RESTRICT attr, size_t *_POSIX_TRACE_RESTRICT logsize);
int posix_trace_attr_setlogsize(trace_attr_t *attr, size_t logsize);
int posix_trace_attr_getmaxdatasize(const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
				    size_t *_POSIX_TRACE_RESTRICT maxdatasize);
int posix_trace_attr_setmaxdatasize(trace_attr_t *attr, size_t maxdatasize);
int posix_trace_attr_getmaxsystemeventsize(const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
					   size_t *_POSIX_TRACE_RESTRICT eventsize);
int posix_trace_attr_getmaxusereventsize(const trace_attr_t *_POSIX_TRACE_RESTRICT attr, size_t data_len,
					 size_t *_POSIX_TRACE_RESTRICT eventsize);
int posix_trace_attr_getstreamsize(const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
				   size_t *_POSIX_TRACE_RESTRICT streamsize);
int posix_trace_attr_setstreamsize(trace_attr_t *attr, size_t streamsize);

int posix_trace_create(pid_t pid, const trace_attr_t *_POSIX_TRACE_RESTRICT attr,
		       trace_id_t *_POSIX_TRACE_RESTRICT trid);
int posix_trace_create_withlog(pid_t pid, const trace_attr_t *_POSIX_TRACE_RESTRICT attr, int file_desc,
			       trace_id_t *_POSIX_TRACE_RESTRICT trid);
int posix_trace_flush(trace_id_t trid);
int posix_trace_shutdown(trace_id_t trid);
int posix_trace_clear(trace_id_t trid);
int posix_trace_start(trace_id_t trid);
int posix_trace_stop(trace_id_t trid);
int posix_trace_get_attr(trace_id_t trid, trace_attr_t *attr);
int posix_trace_get_status(trace_id_t trid, struct posix_trace_status_info *statusinfo);
int posix_trace_get_filter(trace_id_t trid, trace_event_set_t *set);
int posix_trace_set_filter(trace_id_t trid, const trace_event_set_t *set, int how);

int posix_trace_eventset_add(trace_event_id_t event_id, trace_event_set_t *set);
int posix_trace_eventset_del(trace_event_id_t event_id, trace_event_set_t *set);
int posix_trace_eventset_empty(trace_event_set_t *set);
int posix_trace_eventset_fill(trace_event_set_t *set, int what);
int posix_trace_eventset_ismember(trace_event_id_t event_id, const trace_event_set_t *_POSIX_TRACE_RESTRICT set,
				  int *_POSIX_TRACE_RESTRICT ismember);

void posix_trace_event(trace_event_id_t event_id, const void *_POSIX_TRACE_RESTRICT data_ptr, size_t data_len);
int posix_trace_eventid_open(const char *_POSIX_TRACE_RESTRICT event_name,
			     trace_event_id_t *_POSIX_TRACE_RESTRICT event_id);
int posix_trace_trid_eventid_open(trace_id_t trid, const char *_POSIX_TRACE_RESTRICT event_name,
				  trace_event_id_t *_POSIX_TRACE_RESTRICT event);
int posix_trace_eventid_equal(trace_id_t trid, trace_event_id_t event1, trace_event_id_t event2);
int posix_trace_eventid_get_name(trace_id_t trid, trace_event_id_t event, char *event_name);
int posix_trace_eventtypelist_getnext_id(trace_id_t trid, trace_event_id_t *_POSIX_TRACE_RESTRICT event,
					 int *_POSIX_TRACE_RESTRICT unavailable);
int posix_trace_eventtypelist_rewind(trace_id_t trid);

int posix_trace_open(int file_desc, trace_id_t *trid);
int posix_trace_rewind(trace_id_t trid);
int posix_trace_close(trace_id_t trid);
int posix_trace_getnext_event(trace_id_t trid, struct posix_trace_event_info *_POSIX_TRACE_RESTRICT event,
			      void *_POSIX_TRACE_RESTRICT data, size_t num_bytes,
			      size_t *_POSIX_TRACE_RESTRICT data_len, int *_POSIX_TRACE_RESTRICT unavailable);
int posix_trace_trygetnext_event(trace_id_t trid, struct posix_trace_event_info *_POSIX_TRACE_RESTRICT event,
				 void *_POSIX_TRACE_RESTRICT data, size_t num_bytes,
				 size_t *_POSIX_TRACE_RESTRICT data_len, int *_POSIX_TRACE_RESTRICT unavailable);
int posix_trace_timedgetnext_event(trace_id_t trid, struct posix_trace_event_info *_POSIX_TRACE_RESTRICT event,
				   void *_POSIX_TRACE_RESTRICT data, size_t num_bytes,
				   size_t *_POSIX_TRACE_RESTRICT data_len, int *_POSIX_TRACE_RESTRICT unavailable,
				   const struct timespec *_POSIX_TRACE_RESTRICT abstime);

#undef _POSIX_TRACE_RESTRICT
#ifdef __cplusplus
}
#endif

#endif
