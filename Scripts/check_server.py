"""Plays clients of a served network, and writes what came of it into Docs/serving.md. Started by Scripts/check-server."""

import argparse
import http.client
import json
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy
import onnxruntime
import tritonclient.http as triton
from prometheus_client.parser import text_string_to_metric_families

failures = []
rows = []


def check(holds, what):
    """Takes note of what doesn't hold."""
    if not holds:
        failures.append(what)
        print(f"NOT SO: {what}", file=sys.stderr)


def found(name, text):
    rows.append((name, text))
    print(f"{name}: {text}", flush=True)


class Server:
    """The program, serving on a port of its own."""

    def __init__(self, program, reference, *options):
        self.process = subprocess.Popen(
            [program, "monitor", reference, "--serve", "127.0.0.1:0", *options], stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        match = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if match is None:
            sys.exit(f"the server didn't start: {line}{self.process.stderr.read()}")
        self.port = int(match.group(1))
        self.name = re.search(r"/v2/models/([^/]+)/infer", line).group(1)

    def connect(self, seconds=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def raw(self, seconds=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def memory(self):
        """Megabytes of memory that the process holds."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def lives(self):
        connection = self.connect()
        connection.request("GET", "/v2/health/live")
        return connection.getresponse().status == 200

    def end(self):
        """Sends TERM. Returns the exit code and what it said."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.stderr.read()
        return self.process.wait(60), said


def images(path, mean, std):
    batch = numpy.fromfile(path, numpy.uint8).reshape(-1, 3073)[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) / 255
    return numpy.ascontiguousarray((batch - mean[:, None, None]) / std[:, None, None])


def binary_request(name, batch):
    """The headers and the body of a request with a binary tensor."""
    head = json.dumps({
        "inputs": [{"name": name, "datatype": "FP32", "shape": list(batch.shape), "parameters": {"binary_data_size": batch.nbytes}}],
        "parameters": {"binary_data_output": True}}).encode()
    return {"Inference-Header-Content-Length": str(len(head))}, head + batch.tobytes()


def check_clients(server, model, data):
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    check(client.is_server_live() and client.is_server_ready() and client.is_model_ready(server.name), "probes say yes")
    metadata = client.get_model_metadata(server.name)
    name, output = metadata["inputs"][0]["name"], metadata["outputs"][0]["name"]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    worst = 0.0
    for first in range(0, 60, 3):
        batch = data[first:first + 1 + first % 3]
        for is_binary in (True, False):
            tensor = triton.InferInput(name, list(batch.shape), "FP32")
            tensor.set_data_from_numpy(batch, binary_data=is_binary)
            answer = client.infer(
                server.name, [tensor], outputs=[triton.InferRequestedOutput(output, binary_data=is_binary)], request_id="check")
            expected = session.run([output], {name: batch})[0]
            worst = max(worst, float(numpy.abs(answer.as_numpy(output) - expected).max()))
            said = answer.get_response()
            check(said["id"] == "check" and 0 < said["parameters"]["p"] <= 1, "an answer has its id and a p-value")
            check(len(json.loads(said["parameters"]["health"])) == len(batch), "an answer has the health of each stimulus")
    check(worst < 1e-3, f"answers are those of onnxruntime, within 0.001 (off by {worst})")
    found("tritonclient, JSON and binary, 1 to 3 stimuli a request", f"40 answers, off by at most {worst:.1g} from onnxruntime's own")
    return name, output


def check_metrics(server):
    connection = server.connect()
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    families = list(text_string_to_metric_families(text))
    samples = {(s.name, s.labels.get("route"), s.labels.get("code")): s.value for f in families for s in f.samples}
    check(samples.get(("nnfmri_server_requests_total", "infer", "200")) == 40, "metrics count the requests")
    promtool = shutil.which("promtool") or ".nnfmri/promtool/usr/bin/promtool"
    said = ""
    if pathlib.Path(promtool).exists():
        run = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
        check(run.returncode == 0, f"promtool has nothing to say: {run.stdout}{run.stderr}")
        said = ", promtool finds nothing"
    found("metrics", f"{len(families)} families, {len(samples)} kinds of samples by prometheus_client's parser{said}")


def check_malformed(server, name, data):
    generator = random.Random(1)
    headers, body = binary_request(name, data[:1])
    head = f"POST /v2/models/{server.name}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    whole = (head + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode() + body
    statuses = {}
    for _ in range(1000):
        wrong = bytearray(whole)
        # Most in the head and the JSON, where bytes mean something.
        for _ in range(generator.randint(1, 8)):
            place = generator.randrange(len(whole) if generator.random() < 0.1 else 420)
            kind = generator.random()
            if kind < 0.6:
                wrong[place] = generator.randrange(256)
            elif kind < 0.8:
                del wrong[place:place + generator.randint(1, 40)]
            else:
                wrong[place:place] = bytes(generator.randrange(256) for _ in range(generator.randint(1, 40)))
        with server.raw(seconds=5) as connection:
            try:
                connection.sendall(wrong)
                connection.shutdown(socket.SHUT_WR)
                status = connection.recv(65536)[9:12].decode() or "closed"
            except OSError:
                status = "closed"
        statuses[status] = statuses.get(status, 0) + 1
    check(server.lives() and not any(status.startswith("5") for status in statuses), f"damaged requests are refused: {statuses}")
    found("1,000 damaged requests", ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))


def check_huge(server):
    before = server.memory()
    path = f"/v2/models/{server.name}/infer"
    connection = server.connect()
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    announced = connection.getresponse().status
    with server.raw() as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"100000\r\n" + b"[" * (1 << 20) + b"\r\n"
        sent = 0
        try:
            for _ in range(256):
                connection.sendall(chunk)
                sent += 1
        except OSError:
            pass
        try:
            endless = connection.recv(65536)[9:12].decode()
        except OSError:
            endless = "closed"
    check(announced == 413, f"a terabyte is refused when it is announced ({announced})")
    check(endless in ("413", "closed") and server.lives(), f"what is endless is refused ({endless})")
    found("a body of 1 TB, and one without end", f"413, and {endless} after at most {sent} MB; memory {before:.0f} to {server.memory():.0f} MB")


def check_slow(server, name, data):
    """Heads that come a byte a second, on many connections, while others are served."""
    slow = [server.raw() for _ in range(300)]
    start = time.monotonic()
    gone = None
    headers, body = binary_request(name, data[:1])
    connection = server.connect()
    times = []
    head, sent = b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 100, 0
    while time.monotonic() - start < 20:
        left = []
        for one in slow:
            try:
                one.sendall(head[sent:sent + 1])
                one.setblocking(False)
                try:
                    if one.recv(1) == b"":
                        continue
                except BlockingIOError:
                    pass
                one.setblocking(True)
                left.append(one)
            except OSError:
                continue
        slow = left
        sent += 1
        began = time.monotonic()
        connection.request("POST", f"/v2/models/{server.name}/infer", body, headers)
        connection.getresponse().read()
        times.append(time.monotonic() - began)
        if not slow:
            gone = time.monotonic() - start
            break
        time.sleep(0.5)
    connection.close()
    check(gone is not None, "slow heads are cut off within 20 s")
    found(
        "300 connections that send a byte every half second",
        f"all closed after {gone or 20:.0f} s; others were answered in {1000 * statistics.median(times):.0f} ms (median) meanwhile")


def check_many(server, name, data):
    before = server.memory()
    many = [server.connect() for _ in range(1000)]
    answered = 0
    for connection in many:
        connection.request("GET", "/v2/health/ready")
        answered += connection.getresponse().read() == b'{"ready":true}'
    headers, body = binary_request(name, data[:1])
    for connection in many[::10]:
        connection.request("POST", f"/v2/models/{server.name}/infer", body, headers)
        answer = connection.getresponse()
        answer.read()
        answered += answer.status == 200
    during = server.memory()
    refused = 0
    more = [server.raw() for _ in range(60)]
    for connection in more:
        connection.settimeout(0.2)
        try:
            refused += b" 503 " in connection.recv(4096)
        except OSError:
            pass
    for connection in many + more:
        connection.close()
    time.sleep(0.5)
    check(answered == 1100, f"1,000 connections are all served ({answered} of 1,100 answers)")
    check(refused == 36, f"those beyond 1,024 are refused with 503 ({refused} of 36)")
    check(server.lives(), "the server lives when they have gone")
    found("1,000 connections at once", f"1,100 requests answered; memory {before:.0f} to {during:.0f} MB; of 60 more {refused} refused with 503")


def load(server, name, data, threads, until):
    """Requests without pause from many threads. Returns the counts by status, and times of those answered with 200."""
    statuses, times, lock = {}, [], threading.Lock()
    headers, body = binary_request(name, data[:1])

    def one():
        connection = server.connect()
        while not until.is_set():
            began = time.monotonic()
            try:
                connection.request("POST", f"/v2/models/{server.name}/infer", body, headers)
                answer = connection.getresponse()
                answer.read()
                status = str(answer.status)
                if answer.status == 503 and answer.getheader("Retry-After") is None:
                    status = "503 without Retry-After"
            except http.client.RemoteDisconnected:
                status = "closed between requests"
            except ConnectionRefusedError:
                status = "refused"
            except OSError as error:
                status = type(error).__name__
            with lock:
                statuses[status] = statuses.get(status, 0) + 1
                if status == "200":
                    times.append(time.monotonic() - began)
            if status not in ("200", "503"):
                return

    clients = [threading.Thread(target=one) for _ in range(threads)]
    for client in clients:
        client.start()
    return clients, statuses, times


def check_overload(program, reference, name, data):
    server = Server(program, reference, "--queue", "2", "--batch", "1")
    until = threading.Event()
    clients, statuses, _ = load(server, name, data, 32, until)
    time.sleep(3)
    until.set()
    for client in clients:
        client.join()
    code, _ = server.end()
    check(set(statuses) == {"200", "503"} and code == 0, f"an overloaded server answers or says 503: {statuses}")
    found("32 clients without pause, two requests may wait", ", ".join(f"{s}: {c}" for s, c in sorted(statuses.items())))


def check_term(program, reference, name, data):
    server = Server(program, reference, "--workers", "2")
    until = threading.Event()
    clients, statuses, _ = load(server, name, data, 16, until)
    time.sleep(2)
    code, said = server.end()
    for client in clients:
        client.join()
    judged = int(re.search(r"(\d+) stimuli", said).group(1))
    check(code == 0, f"TERM under load ends with 0, not {code}")
    check(judged == statuses.get("200"), f"all that was judged was answered: {judged}, {statuses}")
    late = {"503", "closed between requests", "refused", "ConnectionResetError", "BrokenPipeError"}
    check(set(statuses) <= {"200"} | late, f"after TERM: {statuses}")
    found("TERM under 16 clients, two workers", f"exit code 0; {judged} judged, {statuses.get('200')} answered; clients that came later: "
          + ", ".join(f"{s}: {c}" for s, c in sorted(statuses.items()) if s != "200"))


def check_soak(server, name, data, requests):
    connection = server.connect()
    path = f"/v2/models/{server.name}/infer"
    times, before = [], 0.0
    for number in range(requests):
        if number == requests // 10:
            before = server.memory()
        headers, body = binary_request(name, data[number % len(data)][None])
        began = time.monotonic()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.monotonic() - began)
        if answer.status != 200:
            check(False, f"request {number} of the soak is answered ({answer.status})")
            return
    after = server.memory()
    check(after - before < 4, f"memory doesn't grow in the soak ({before:.1f} to {after:.1f} MB)")
    times.sort()
    found(
        f"{requests:,} requests one after another",
        f"memory {before:.1f} MB after a tenth, {after:.1f} MB at the end; {1000 * times[len(times) // 2]:.2f} ms (median), "
        f"{1000 * times[len(times) * 99 // 100]:.2f} ms (99 %) with this client")


def check_page(server, name, data, folder):
    browser_path = shutil.which("chromium")
    if browser_path is None:
        return
    from playwright.sync_api import sync_playwright

    strange = numpy.random.default_rng(1).normal(0, 3, data[:1].shape).astype(numpy.float32)
    complaints, widths = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width, height in ((1280, 900), (360, 740)):
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.goto(f"http://127.0.0.1:{server.port}/")
                connection = server.connect()
                # As many as end a window of NN-EEG.
                for number in range(100):
                    headers, body = binary_request(name, strange if number % 6 == 5 else data[number][None])
                    connection.request("POST", f"/v2/models/{server.name}/infer", body, headers)
                    connection.getresponse().read()
                # The browser's library holds on to what this function has, and a connection takes one of the places.
                connection.close()
                page.wait_for_function("document.getElementById('stimuli').textContent.replace(/\\D/g, '') > 0")
                page.wait_for_timeout(700)
                shown = int(re.sub(r"\D", "", page.inner_text("#stimuli")))
                painted = page.evaluate("""() => [...document.querySelectorAll('canvas')].filter(canvas =>
                    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)).length""")
                canvases = page.evaluate("document.querySelectorAll('canvas').length")
                check(shown > 0 and painted == canvases, f"the page shows {shown} stimuli and paints {painted} of {canvases} pictures")
                overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                check(overflow <= 0, f"the page fits {width} pixels ({overflow} too many)")
                widths.append(f"{width} {scheme}")
                if folder:
                    page.screenshot(path=f"{folder}/live-{width}-{scheme}.png", full_page=True)
                page.close()
        browser.close()
    check(not complaints, f"the page has no errors: {complaints}")
    found("the live page in Chromium", f"painted without errors and without sideways scrolling: {', '.join(widths)}")


def write_page(words, model, data):
    page = pathlib.Path("Docs/serving.md")
    text = page.read_text()
    place = text.index("## Checked\n") if "## Checked\n" in text else len(text)
    head = text[:place].rstrip()
    table = "\n".join(f"| {name} | {result} |" for name, result in rows)
    page.write_text(
        f"{head}\n\n## Checked\n\nBy `Scripts/check-server` with {pathlib.Path(model).name} and {pathlib.Path(data).name}{', ' + words if words else ''}.\n\n"
        f"| clients | what came of it |\n|---|---|\n{table}\n")


def main():
    parser = argparse.ArgumentParser(prog="check-server")
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--mean", default="0,0,0")
    parser.add_argument("--std", default="1,1,1")
    parser.add_argument("--screenshots")
    parser.add_argument("--words", default="")
    arguments = parser.parse_args()
    mean, std = (numpy.array([float(part) for part in text.split(",")], numpy.float32) for text in (arguments.mean, arguments.std))
    data = images(arguments.data, mean, std)
    with tempfile.TemporaryDirectory() as folder:
        reference = f"{folder}/{pathlib.Path(arguments.model).stem}.ref"
        subprocess.run(
            [arguments.program, "monitor", "learn", "--model", arguments.model, "--data", arguments.data, "--mean", arguments.mean,
             "--std", arguments.std, "--out", reference], check=True, stdout=subprocess.DEVNULL)
        server = Server(arguments.program, reference, "--self-test")
        name, _ = check_clients(server, arguments.model, data)
        check_metrics(server)
        check_page(server, name, data, arguments.screenshots)
        check_malformed(server, name, data)
        check_huge(server)
        check_slow(server, name, data)
        check_many(server, name, data)
        check_soak(server, name, data, arguments.requests)
        code, _ = server.end()
        check(code == 0, f"TERM ends with 0, not {code}")
        check_overload(arguments.program, reference, name, data)
        check_term(arguments.program, reference, name, data)
    if failures:
        sys.exit(1)
    write_page(arguments.words, arguments.model, arguments.data)


main()
