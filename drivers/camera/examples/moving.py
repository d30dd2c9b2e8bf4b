#!/usr/bin/env python3
"""A detector in Python, with nothing but the standard library: it finds what moves.

The gateway shows it the camera's pictures, one line of JSON each, and it answers with
one line each. It compares the picture with what it has seen before, cell by cell, and
calls every group of cells that differ "moving".

    detector: {program: [/usr/bin/python3, /etc/lamppost/moving.py], find: {moving: 0.4}, size: 160x120, grey: true}
"""
import base64
import json
import sys

CELL = 8  # dots a side
STEP = 24  # a dot has changed if its brightness differs by more, of 255
SHARE = 0.25  # a cell has changed if so many of its dots have
LEAST = 2  # a thing has so many cells at least
LEARN = 3  # pictures that are looked at before anything is told


class Fault(Exception):
    """What the gateway is told instead of what was found: a word, and a text for people."""

    def __init__(self, word, text):
        super().__init__(text)
        self.word = word


class Watcher:
    """Knows what is usual: for each dot a running mean, in sixteenths."""

    def __init__(self):
        self.usual, self.seen = [], 0

    def find(self, dots, width, height):
        if len(self.usual) != len(dots):
            self.usual, self.seen = [dot << 4 for dot in dots], 0
        differs = [abs(dot - (mean >> 4)) for dot, mean in zip(dots, self.usual)]
        self.usual = [mean + ((dot << 4) - mean >> 4) for dot, mean in zip(dots, self.usual)]
        self.seen += 1
        if self.seen <= LEARN:
            raise Fault("warm-up", "it learns what is usual")
        return [self.thing(group, width, height) for group in groups(changed(differs, width, height))]

    @staticmethod
    def thing(group, width, height):
        """A group of cells as the gateway wants it: the box in shares of the picture."""
        columns, rows = [x for x, _ in group], [y for _, y in group]
        strength = sum(group.values()) / len(group)
        return {
            "class": "moving",
            "score": round(min(strength / 64, 1), 3),
            "box": [
                round(min(columns) * CELL / width, 4),
                round(min(rows) * CELL / height, 4),
                round(min((max(columns) + 1) * CELL / width, 1), 4),
                round(min((max(rows) + 1) * CELL / height, 1), 4),
            ],
        }


def changed(differs, width, height):
    """The cells that have changed, and by how much their dots differ on the average."""
    cells = {}
    for top in range(0, height - CELL + 1, CELL):
        rows = [differs[y * width : (y + 1) * width] for y in range(top, top + CELL)]
        for left in range(0, width - CELL + 1, CELL):
            dots = [dot for row in rows for dot in row[left : left + CELL] if dot > STEP]
            if len(dots) >= SHARE * CELL * CELL:
                cells[left // CELL, top // CELL] = sum(dots) / len(dots)
    return cells


def groups(cells):
    """Cells that touch each other belong together."""
    while cells:
        first = next(iter(cells))
        group, edge = {first: cells.pop(first)}, [first]
        while edge:
            x, y = edge.pop()
            for beside in [(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
                if beside in cells:
                    group[beside] = cells.pop(beside)
                    edge.append(beside)
        if len(group) >= LEAST:
            yield group


watcher = Watcher()
for line in sys.stdin:  # its end is the order to go
    question = json.loads(line)
    answer = {"id": question["id"]}
    try:
        if question["do"] != "detect" or question["format"] != "grey":
            raise Fault("protocol", "it finds what moves in grey pictures; write grey: true")
        found = watcher.find(base64.b64decode(question["dots"]), question["width"], question["height"])
        answer["found"] = sorted(found, key=lambda thing: -thing["score"])[:100]
    except Fault as fault:
        answer["fault"], answer["text"] = fault.word, str(fault)
    print(json.dumps(answer), flush=True)  # without flush it would wait in a buffer
