"""A detector for tests: it goes wrong when it is told to, by a file, in the way that is named,
and is well in its next life. It finds one person where the picture is brightest."""
import base64
import json
import os
import sys
import time

how, mark = sys.argv[1], sys.argv[2]
ill = False
for line in sys.stdin:
    question = json.loads(line)
    width, height = question["width"], question["height"]
    dots = base64.b64decode(question["dots"])
    best = max(range(width * height), key=lambda i: dots[i * len(dots) // (width * height)])
    x, y = best % width / width, best // width / height
    thing = {"class": question["find"][0], "score": 0.75, "box": [x - 0.05, y - 0.1, x + 0.05, y + 0.1]}
    other = {"class": "dog", "score": 0.99, "box": [0, 0, 1, 1]}
    text = json.dumps({"id": question["id"], "found": [thing, other]})
    if os.path.exists(mark + ".go") and not os.path.exists(mark):
        open(mark, "w").close()
        ill = True
    if ill:
        if how == "hangs":
            time.sleep(1000)
        elif how == "crashes":
            sys.exit("the model file is damaged")
        elif how == "nonsense":
            text = "Traceback (most recent call last)"
        elif how == "endless":
            while True:
                print("x" * 200000, flush=True)
        elif how == "lines":
            while True:
                print("INFO: tick", flush=True)
        elif how == "leaks":
            hoard = [bytes(range(256)) * 40000 for _ in range(12)]
            time.sleep(1000)
        elif how == "not a number":
            text = text.replace("0.75", "NaN")
        elif how == "score":
            text = text.replace("0.75", "2.0")
        elif how == "pixels":
            text = text.replace("[0, 0, 1, 1]", "[12, 30, 100, 200]")
        elif how == "id":
            text = json.dumps({"id": question["id"] + 7, "found": []})
        elif how == "accelerator":
            text = json.dumps({"id": question["id"], "fault": "device", "text": "/dev/hailo0 is gone"})
    print(text, flush=True)
