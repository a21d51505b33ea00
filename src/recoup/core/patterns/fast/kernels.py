"""The loops of the patterns over arrays; compiled, so imported only where the extra is installed.

Accounts are numbers, and transfers are places in order. A side (credits or debits) is a pair of
columns: ``at``, where each account's places begin, and the places, by account and in order.
"""

from __future__ import annotations

import numpy as np

from recoup.core.compiled import loop
from recoup.core.patterns.fast.columns import Column, Side

SPELL = 6  # account, first, last, peak, and the first and the last place of the fullest window
HOP = 6  # credit, passed on, peeled, first and last debit, account


@loop
def side_of(account: Column, accounts: int, order: Column) -> Side:
    """The places by account; those of one account stay as ``order`` has them."""
    at, places = np.zeros(accounts + 1, np.int64), np.empty(len(account), np.int32)
    for place in range(len(account)):
        at[account[place] + 1] += 1
    for number in range(accounts):
        at[number + 1] += at[number]
    used = at[:-1].copy()
    for n in range(len(account)):
        place = order[n] if len(order) else n
        places[used[account[place]]] = place
        used[account[place]] += 1
    return at, places


@loop
def bits_of(amount: Column) -> Column:
    """The length of each amount in bits."""
    bits = np.empty(len(amount), np.uint8)
    for place in range(len(amount)):
        rest, n = amount[place], 0
        while rest:
            rest >>= 1
            n += 1
        bits[place] = n
    return bits


@loop
def last_of_moment(moment: Column) -> Column:
    """For each place the last one of the same moment."""
    upto = np.empty(len(moment), np.int32)
    last = len(moment) - 1
    for place in range(len(moment) - 1, -1, -1):
        if moment[place] != moment[last]:
            last = place
        upto[place] = last
    return upto


@loop
def longer(rows: Column, n: int) -> Column:
    """The rows, with room for one more than n."""
    if n < len(rows):
        return rows
    more = np.empty((2 * len(rows), rows.shape[1]), rows.dtype)
    more[:n] = rows[:n]
    return more


@loop
def fans(
    at: Column, places: Column, other: Column, t: Column, outside: Column, window: int, least: int
) -> Column:
    """Spells in which an account has at least ``least`` different counterparties in the window."""
    found, n = np.empty((256, SPELL), np.int64), 0
    times = np.zeros(len(outside), np.int32)
    for account in range(len(outside)):
        begin, end = at[account], at[account + 1]
        if outside[account] or end - begin < least:
            continue
        first, value, entered, open_ = begin, 0, begin, False
        for last in range(begin, end):
            since = t[places[last]] - window
            while t[places[first]] < since:
                if first < entered:
                    name = other[places[first]]
                    times[name] -= 1
                    value -= times[name] == 0
                first += 1
            if last + 1 - first < least:
                continue  # too few to count, so they enter when they are needed
            for place in range(max(entered, first), last + 1):
                name = other[places[place]]
                times[name] += 1
                value += times[name] == 1
            entered = last + 1
            if value < least:
                continue
            if not open_ or first - begin > found[n - 1, 2]:
                found, open_ = longer(found, n), True
                found[n, 0], found[n, 1] = account, first - begin
                found[n, 3] = 0
                n += 1
            found[n - 1, 2] = last - begin
            if value > found[n - 1, 3]:
                found[n - 1, 3], found[n - 1, 4] = value, first - begin
                found[n - 1, 5] = last - begin
        for place in range(first, entered):
            times[other[places[place]]] = 0
    return found[:n]


@loop
def passes(
    in_at: Column, credits: Column, out_at: Column, debits: Column, t: Column, moment: Column,
    credited: Column, amount: Column, outside: Column, window: int, percent: int, least: int,
) -> Column:  # fmt: skip
    """Which accounts have credits of at least ``least`` in a window that passed through."""
    found = np.zeros(len(outside), np.uint8)
    left, still = np.empty(len(credits), np.int64), np.empty(len(credits), np.int32)
    for account in range(len(outside)):
        begin, end = in_at[account], in_at[account + 1]
        if outside[account] or begin == end or out_at[account] == out_at[account + 1]:
            continue
        match_one(
            credits[begin:end], debits[out_at[account] : out_at[account + 1]], t, moment, credited,
            amount, window, left, still,
        )  # fmt: skip
        first, value = begin, 0
        for last in range(begin, end):
            place = credits[last]
            if not is_passed(credited[place], left[last - begin], percent):
                continue
            value += credited[place]
            while t[credits[first]] < t[place] - window:
                if is_passed(credited[credits[first]], left[first - begin], percent):
                    value -= credited[credits[first]]
                first += 1
            found[account] |= value >= least
    return found


@loop
def is_passed(credited: int, left: int, percent: int) -> bool:
    """Whether enough of a credit left again."""
    return (credited - left) * 100 >= percent * credited


@loop
def match_one(
    credits: Column, debits: Column, t: Column, moment: Column, credited: Column, amount: Column,
    window: int, left: Column, still: Column,
) -> None:  # fmt: skip
    """Set every debit of an account against the youngest credits within the window before it."""
    for n in range(len(credits)):
        left[n] = credited[credits[n]]
    arrived = waiting = 0
    for n in range(len(debits)):
        place = debits[n]
        while arrived < len(credits) and moment[credits[arrived]] <= moment[place]:
            still[waiting] = arrived
            arrived, waiting = arrived + 1, waiting + 1
        units = amount[place]
        while units and waiting:
            youngest = still[waiting - 1]
            if t[credits[youngest]] < t[place] - window:
                waiting = 0
                break
            taken = min(units, left[youngest])
            units -= taken
            left[youngest] -= taken
            waiting -= left[youngest] == 0


@loop
def just_under(
    at: Column, places: Column, t: Column, amount: Column, outside: Column, window: int,
    percent: int, limit: int, least: int,
) -> Column:  # fmt: skip
    """Which accounts have at least ``least`` payments just under the limit in the window."""
    found, near = np.zeros(len(outside), np.uint8), np.empty(least, np.int64)
    for account in range(len(outside)):
        n = 0
        for row in range(at[account], at[account + 1]):
            place = places[row]
            if outside[account] or not percent * limit <= 100 * amount[place] < 100 * limit:
                continue
            near[n % least] = t[place]
            n += 1
            found[account] |= n >= least and near[n % least] >= t[place] - window
    return found


@loop
def hops(
    in_at: Column, credits: Column, out_at: Column, debits: Column, t: Column, moment: Column,
    credited: Column, amount: Column, outside: Column, window: int, percent: int, peeled: int,
) -> Column:  # fmt: skip
    """Every credit of which most was passed on and a part peeled off within the window."""
    found, n = np.empty((256, HOP), np.int64), 0
    largest = np.empty(len(debits), np.int64)
    for account in range(len(outside)):
        begin, end = out_at[account], out_at[account + 1]
        if outside[account] or begin == end:
            continue
        first = last = begin
        head = tail = paid = 0
        for row in range(in_at[account], in_at[account + 1]):
            credit = credits[row]
            until = t[credit] + window
            while last < end and t[debits[last]] <= until:
                units = amount[debits[last]]
                while tail > head and amount[debits[largest[tail - 1]]] < units:
                    tail -= 1
                largest[tail] = last
                paid, tail, last = paid + units, tail + 1, last + 1
            while first < last and moment[debits[first]] < moment[credit]:
                paid -= amount[debits[first]]
                first += 1
            while head < tail and largest[head] < first:
                head += 1
            if head == tail:
                continue
            arrived, place = credited[credit], debits[largest[head]]
            rest = paid - amount[place]
            is_most = amount[place] * 100 >= percent * arrived
            if paid <= arrived and is_most and rest * 100 >= peeled * arrived:
                found = longer(found, n)
                found[n, 0], found[n, 1], found[n, 2] = credit, place, rest
                found[n, 3], found[n, 4], found[n, 5] = first - begin, last - begin, account
                n += 1
    return found[:n]


@loop
def chained(found: Column, order: Column, transfers: int) -> tuple[Column, Column]:
    """Join hops; where two credits claim one debit, the first in ``order`` has it.

    Returns for each hop the next one, or -1 (-2 where it lost its claim), and for each hop that
    begins a chain how many hops the chain has.
    """
    owner, by_credit = np.full(transfers, -1, np.int64), np.full(transfers, -1, np.int64)
    for n in range(len(order)):
        hop = order[n]
        if owner[found[hop, 1]] < 0:
            owner[found[hop, 1]] = hop
            by_credit[found[hop, 0]] = hop
    after, length = np.full(len(found), -2, np.int64), np.zeros(len(found), np.int64)
    for hop in range(len(found)):
        if owner[found[hop, 1]] == hop:
            after[hop] = by_credit[found[hop, 1]]
    for hop in range(len(found)):
        if after[hop] == -2 or owner[found[hop, 0]] >= 0:
            continue
        at, n = hop, 0
        while at >= 0:
            at, n = after[at], n + 1
        length[hop] = n
    return after, length


@loop
def cycles(
    at: Column, rows: Column, bits_in: Column, bits_out: Column, upto: Column, first_debit: Column,
    t: Column, payer: Column, payee: Column, credited: Column, amount: Column, outside: Column,
    window: int, percent: int, least_hops: int, most_hops: int, looks: int, least: int,
) -> tuple[Column, int]:  # fmt: skip
    """Ways on which a sum came back, and how many searches ended at their bound.

    rows: each account's credits by the length of their amount in bits. A way is its transfers from
    the first to the closing one, then -1.
    """
    found, n, cut = np.empty((64, most_hops), np.int64), 0, 0
    used = np.zeros(len(t), np.uint8)
    queue, after = np.empty(looks + 2, np.int64), np.empty(looks + 2, np.int64)
    depth = np.empty(looks + 2, np.int64)
    for closing in range(len(t)):
        start = payee[closing]
        if used[closing] or outside[start] or outside[payer[closing]]:
            continue
        if first_debit[start] < 0 or first_debit[start] > upto[closing]:
            continue
        queue[0], after[0], depth[0] = closing, -1, 1
        waiting, looked, done, one = 1, 0, False, 0
        while one < waiting and not done and depth[one] < most_hops:
            place = queue[one]
            account = payer[place]
            for bits in range(bits_out[place], bits_out[place] + 2):
                row = last_row(rows, bits_in, at[account], at[account + 1], bits, upto[place])
                while row >= at[account] and not done:
                    before = rows[row]
                    if bits_in[before] != bits or t[before] < t[closing] - window:
                        break
                    row -= 1
                    looked += 1
                    if looked > looks:
                        cut += 1
                        done = True
                        break
                    if used[before] or outside[payer[before]]:
                        continue
                    sum_in, sum_on = credited[before], amount[place]
                    if not percent * sum_in <= 100 * sum_on <= 100 * sum_in:
                        continue
                    if was_passed(before, one, waiting, queue, after, payer):
                        continue
                    if payer[before] != start:
                        queue[waiting], after[waiting] = before, one
                        depth[waiting] = depth[one] + 1
                        waiting += 1
                    elif depth[one] + 1 >= least_hops and amount[before] >= least:
                        found = longer(found, n)
                        keep(found[n], before, one, queue, after, used)
                        n += 1
                        done = True
            one += 1
    return found[:n], cut


@loop
def last_row(rows: Column, bits_in: Column, begin: int, end: int, bits: int, upto: int) -> int:
    """The last row of a segment up to this length and place; the one before it if none is."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        place = rows[middle]
        if bits_in[place] < bits or (bits_in[place] == bits and place <= upto):
            low = middle + 1
        else:
            high = middle
    return low - 1


@loop
def was_passed(
    before: int, one: int, waiting: int, queue: Column, after: Column, payer: Column
) -> bool:
    """Whether a transfer was looked at already, or its payer lies on the way from here on."""
    for n in range(waiting):
        if queue[n] == before:
            return True
    while one >= 0:
        if payer[queue[one]] == payer[before]:
            return True
        one = after[one]
    return False


@loop
def keep(way: Column, before: int, one: int, queue: Column, after: Column, used: Column) -> None:
    """Write a way down, and mark its transfers as used."""
    way[:] = -1
    way[0] = before
    used[before] = 1
    n = 1
    while one >= 0:
        way[n] = queue[one]
        used[queue[one]] = 1
        one, n = after[one], n + 1
