# SPDX-License-Identifier: MIT
"""What programs made against what their trace has."""
from trial import expect


def compare_threads(committed, told, exact=()):
    """`committed` calls of each thread are there, once each and without a hole; of those in `exact` nothing else is."""
    for thread, made in committed.items():
        if not made and thread not in told:
            continue
        expect(thread in told, f'thread {thread} made {made} calls, none is in the trace')
        events, distinct, first, last, _ = told[thread]
        expect(events >= made, f'thread {thread} made {made} calls, {events} are in the trace')
        expect(events == distinct, f'thread {thread}: {events - distinct} calls are in the trace twice')
        expect(first == 0 and last - first + 1 == events, f'thread {thread}: {first} to {last}, but {events} calls')
        expect(thread[0] not in exact or events == made, f'thread {thread} made {made} calls, {events} are in the trace')


def compare_sums(trial, total):
    """What was made is in the trace or counted as lost; a call that was being made when its thread was killed may be."""
    made = sum(row.made for row in trial.rows())
    counted = total.events + total.lost
    expect(made <= counted <= made + len(trial.rows()), f'{made} calls made, {total.events} are in the trace and {total.lost} lost')
