"""What a start finds on other people's machines: proxies, addresses, folders, missing libraries."""

from __future__ import annotations

import ast
import errno
import io
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import main
from demo.access.exposure import is_private
from demo.errors import InputError
from demo.machine.environment import (
    settle_gradio,
    settle_plots,
    settle_streams,
    settle_uploads,
    settle_user,
)
from demo.machine.packages import import_fault
from demo.machine.proxies import settle_proxies
from demo.web.address import Address, address_of
from demo.web.rules import check_root, is_asked_here, rules_for
from tests import ROOT
from tests.conftest import free_port
from tests.support.listening import one_answer
from tests.support.served import Caller, serving


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"http_proxy": "{refusing}"}, id="one that answers 502"),
        pytest.param({"HTTP_PROXY": "http://127.0.0.1:9"}, id="a dead one"),
        pytest.param({"all_proxy": "socks5://127.0.0.1:9"}, id="a dead one for SOCKS"),
        pytest.param({"ALL_PROXY": "socks://127.0.0.1:9/"}, id="a desktop's name for SOCKS"),
        pytest.param({"all_proxy": "socks4://127.0.0.1:9"}, id="a kind nobody here knows"),
        pytest.param({"Https_Proxy": "http://me:secret@[::1:x"}, id="no address"),
        pytest.param({"http_proxy": "127.0.0.1:9", "NO_PROXY": "[::1],fd00::/8"}, id="odd exceptions"),
    ],
)  # fmt: skip
def test_the_page_starts_whatever_the_proxies_are(
    variables: dict[str, str], environment: os._Environ[str]
) -> None:
    with one_answer(502) as (refusing, asked):
        environment.update({k: v.format(refusing=refusing) for k, v in variables.items()})
        settle_proxies(environment, "127.0.0.1")
        with serving() as served:
            assert httpx.get(f"{served.url}/health").status_code == 200
    assert asked == []


@pytest.mark.parametrize(
    ("value", "usable", "says"),
    [
        pytest.param("proxy.corp:3128", "proxy.corp:3128", "", id="no scheme"),
        pytest.param(
            "http://me:pass@proxy.corp:3128", "http://me:pass@proxy.corp:3128", "", id="key"
        ),
        pytest.param("socks5h://127.0.0.1:1080", "socks5h://127.0.0.1:1080", "", id="SOCKS 5"),
        pytest.param("SOCKS://127.0.0.1:1080/", "socks5://127.0.0.1:1080/", "", id="SOCKS"),
        pytest.param("socks4a://h:1", None, "socks4a:// is a kind that is not known", id="SOCKS 4"),
        pytest.param("ftp://h:1", None, "ftp:// is a kind that is not known", id="FTP"),
        pytest.param("http://me:secret@h:port", None, "it is no address", id="no port"),
        pytest.param("http://", None, "it names no host", id="no host"),
    ],
)
def test_a_proxy_is_left_as_it_is_or_said_to_be_left_out(
    value: str, usable: str | None, says: str, environment: os._Environ[str]
) -> None:
    environment["ALL_PROXY"] = value
    said = " ".join(settle_proxies(environment))
    assert (environment.get("all_proxy") or environment.get("ALL_PROXY")) == usable
    assert says in said
    assert bool(said) == (usable is None)
    assert "secret" not in said
    httpx.Client().close()  # every client can be made


def test_exceptions_that_somebody_made_stay(environment: os._Environ[str]) -> None:
    environment["http_proxy"] = "http://127.0.0.1:9"
    environment["NO_PROXY"] = ".corp.example, 10.0.0.0/8,[::1]"
    settle_proxies(environment, "lab.example")
    assert environment["no_proxy"] == environment["NO_PROXY"]
    direct = environment["no_proxy"].split(",")
    assert {".corp.example", "10.0.0.0/8", "::1", "127.0.0.1", "localhost", "lab.example"} <= {
        *direct
    }


def test_without_a_proxy_nothing_is_set(environment: os._Environ[str]) -> None:
    environment["no_proxy"] = "corp.example"
    assert settle_proxies(environment) == []
    assert environment["no_proxy"] == "corp.example"
    assert "NO_PROXY" not in environment


@pytest.mark.parametrize(
    ("host", "written"),
    [
        pytest.param("::1", "[::1]", id="IPv6"),
        pytest.param("[::1]", "[::1]", id="in brackets"),
        pytest.param("0:0:0:0:0:0:0:1", "[::1]", id="written out"),
        pytest.param("::", "[::]", id="all of IPv6"),
        pytest.param("0.0.0.0", "0.0.0.0", id="all of IPv4"),
        pytest.param("*", "0.0.0.0", id="a star"),
        pytest.param("", "127.0.0.1", id="nothing"),
        pytest.param(" localhost ", "localhost", id="a name"),
    ],
)
def test_an_address_is_taken_as_people_write_it(host: str, written: str) -> None:
    address = address_of(host, free_port())
    assert address.url_host == written
    address.check()


@pytest.mark.parametrize(
    ("host", "says"),
    [
        pytest.param("fe80::1%lo", "one network interface only", id="with a zone"),
        pytest.param("http://127.0.0.1", "an address or a name alone", id="a URL"),
        pytest.param("127.0.0.1:8000", "the port with --port", id="with a port"),
        pytest.param("203.0.113.9", "does not have that address", id="another machine's"),
        pytest.param("2001:db8::1", "does not have that address", id="another machine's in six"),
        pytest.param("no such host", "There is no address for the host no such host", id="no name"),
    ],
)
def test_an_address_that_cannot_be_is_said(
    host: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--host", host, "--port", str(free_port())]) == 2
    assert says in capsys.readouterr().err


def test_what_is_wrong_with_a_port_is_said() -> None:
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        with pytest.raises(InputError, match="another program uses it"):
            Address("::1", taken.getsockname()[1]).check()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # Gradio tries its port there, wherever it is to listen.
        with pytest.raises(InputError, match=r"on 127\.0\.0\.1 cannot be used: another program"):
            Address("::1", taken.getsockname()[1]).check()
    said = Address("::1", 80)
    assert "ports below" in said._sentence(OSError(errno.EACCES, "Permission denied"))
    assert "this machine has no IPv6" in said._sentence(
        OSError(errno.EAFNOSUPPORT, "not supported")
    )


def test_a_page_on_ipv6_is_this_machines_own() -> None:
    for host in ("::1", "0:0:0:0:0:0:0:1", "[::1]", "127.0.0.5", "localhost"):
        rules = rules_for(host, {})
        assert is_private(host, {})
        assert is_asked_here("[::1]:7860", rules.names)
        assert not is_asked_here("rebound.example:7860", rules.names)
    assert rules_for("::", {}).names is None


def test_the_page_answers_on_ipv6() -> None:
    with serving(host="[::1]") as served:
        assert re.fullmatch(r"http://\[::1\]:\d+", served.url)
        own = {"origin": served.url}
        assert httpx.get(served.url, headers=own).status_code == 200
        assert httpx.get(served.url, headers={"origin": "http://[::2]"}).status_code == 403


def test_uploads_have_a_folder_of_their_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "gradio").mkdir(mode=0o500)  # somebody else's
    environment: dict[str, str] = {}
    folder = settle_uploads(environment)
    assert environment["GRADIO_TEMP_DIR"] == str(folder)
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert settle_uploads({}) == folder
    folder.rmdir()
    folder.symlink_to(tmp_path / "gradio")  # put there beforehand by somebody else
    other = settle_uploads({})
    assert other not in (folder, tmp_path / "gradio")
    assert not other.is_symlink()


def test_a_folder_that_cannot_be_written_is_said_before_a_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "/proc/nope/x")
    assert main(["--port", str(free_port())]) == 2
    assert "in the folder /proc/nope/x that GRADIO_TEMP_DIR names" in capsys.readouterr().err
    monkeypatch.setenv("GRADIO_TEMP_DIR", __file__)
    assert main(["--port", str(free_port())]) == 2
    assert "names (a file is in its place)." in capsys.readouterr().err


def test_an_upload_that_cannot_be_kept_is_said(tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "uploads"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    with serving() as served, httpx.Client(base_url=served.url) as http:
        assert Caller(http).upload(b"anything").startswith(str(folder))
        _remove(folder)  # as systems do that tidy up: it is made again
        assert Caller(http).upload(b"anything").startswith(str(folder))
        _remove(folder)
        folder.write_text("")  # and now nothing can be written there
        answer = http.post("/gradio_api/upload", files={"files": ("a.png", b"x")})
        assert answer.status_code == 507
        assert answer.json()["error"].startswith("The server cannot save the picture: ")


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def test_a_user_without_a_home_and_a_name_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54321)  # nobody in the machine's list
    environment: dict[str, str] = {}
    monkeypatch.delenv("HOME")
    settle_user(environment)
    assert environment == {"HOME": "/", "LOGNAME": "user-54321"}


def test_plots_have_a_folder_where_the_home_has_none(tmp_path: Path) -> None:
    elsewhere = {"XDG_CONFIG_HOME": "/proc/nope"}
    settle_plots(elsewhere, tmp_path)
    assert elsewhere["MPLCONFIGDIR"] == str(tmp_path / "matplotlib")
    at_home = {"XDG_CONFIG_HOME": str(tmp_path)}
    settle_plots(at_home, tmp_path)
    assert "MPLCONFIGDIR" not in at_home


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory"),
            "lacks the library libGL.so.1, or it is damaged. On Debian and Ubuntu: apt install libgl1",
            id="libGL",
        ),
        pytest.param(
            ImportError("libgthread-2.0.so.0: cannot open shared object file: No such file"),
            "apt install libglib2.0-0",
            id="GLib",
        ),
        pytest.param(
            OSError("libgomp.so.1: cannot open shared object file: No such file or directory"),
            "apt install libgomp1",
            id="OpenMP, as torch loads it",
        ),
        pytest.param(
            ImportError("libnever.so.3: cannot open shared object file: No such file or directory"),
            "Install the package of your system that holds it.",
            id="one that nobody knows",
        ),
        pytest.param(
            ImportError(
                "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by "
                "/venv/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so)"
            ),
            "The system’s libc.so.6 is too old for the packages that are installed: it has no GLIBC_2.34",
            id="an old system",
        ),
        pytest.param(
            ModuleNotFoundError("No module named 'gradio'", name="gradio"),
            "The package gradio is not installed for this Python",
            id="requirements not installed",
        ),
        pytest.param(
            ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn"),
            "The package torch is not installed",
            id="a part of a package",
        ),
        pytest.param(
            ModuleNotFoundError("No module named '_sqlite3'", name="_sqlite3"),
            "This Python was built without sqlite3.",
            id="a Python without SQLite",
        ),
        pytest.param(
            ImportError("/venv/lib/libtorch_cpu.so: failed to map segment from shared object"),
            "The library libtorch_cpu.so cannot be taken into memory: there is too little",
            id="little memory",
        ),
        pytest.param(
            ModuleNotFoundError("No module named 'sqlite3'", name="sqlite3"),
            "This Python was built without sqlite3. Use",
            id="a part of Python",
        ),
        pytest.param(
            ImportError("cannot import name 'Client' from 'httpx'", name="httpx"),
            "cannot import name 'Client' from 'httpx'. Install it again with: pip install",
            id="another version",
        ),
        pytest.param(
            RuntimeError(
                "NumPy was built with baseline optimizations: \n(X86_V2) but your machine "
                "doesn't support:\n(X86_V2)."
            ),
            "This processor is too old for the packages that are installed",
            id="an old processor",
        ),
    ],
)
def test_what_cannot_be_loaded_is_said(error: Exception, says: str) -> None:
    sentence = import_fault(error)
    assert sentence is not None
    assert says in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ModuleNotFoundError("No module named 'demo.x'", name="demo.x"), id="ours"),
        pytest.param(FileNotFoundError(2, "No such file", "x"), id="a file"),
        pytest.param(ValueError("nonsense"), id="something else"),
    ],
)
def test_other_failures_keep_their_trace(error: Exception) -> None:
    assert import_fault(error) is None


@pytest.mark.process
def test_a_python_without_the_packages_gets_one_sentence() -> None:
    """-S leaves out everything that was installed."""
    for command in (["app.py"], ["-m", "demo", "ground", "x", "find it"]):
        done = subprocess.run(
            [sys.executable, "-S", *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(r"The package \w+ is not installed for .*\n", done.stderr)


@pytest.mark.parametrize("name", ["app.py", "demo/__init__.py", "demo/__main__.py"])
def test_an_older_python_can_read_what_tells_it_so(name: str) -> None:
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.process
def test_the_app_starts_where_nothing_is_as_usual(tmp_path: Path) -> None:
    """A home that cannot be written, dead proxies, and IPv6."""
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp_path),
        "HOME": "/proc",
        "HF_HUB_OFFLINE": "1",
        "http_proxy": "http://127.0.0.1:9",
        "all_proxy": "socks://127.0.0.1:9/",
    }
    port = free_port()
    command = [sys.executable, "app.py", "--model", "nano", "--host", "::1", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as app:  # fmt: skip
        assert app.stdout is not None
        said = ""
        for line in app.stdout:
            said += line
            if line.startswith("Running on"):
                app.terminate()
    assert f"Running on http://[::1]:{port}\n" in said
    assert "They are kept in memory only." in said
    assert "Traceback" not in said
    assert "atplotlib" not in said


def test_what_gradio_would_stumble_over_is_left_out_and_said() -> None:
    kept = {"GRADIO_ROOT_PATH": "/x", "GRADIO_TEMP_DIR": "/tmp/x", "HOME": "/root"}
    read = {
        "GRADIO_SERVER_PORT": "7860",
        "WEB_CONCURRENCY": "auto",
    }  # by the options, and by nobody
    read["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # which the page sets itself
    environment = {**kept, **read, "GRADIO_NUM_PORTS": "abc", "GRADIO_DEBUG": "1"}
    said = settle_gradio(environment)
    assert said == "Not used here, see python app.py --help: GRADIO_DEBUG, GRADIO_NUM_PORTS."
    assert environment == kept
    assert settle_gradio(environment) == ""


@pytest.mark.parametrize(
    "root", ["x", "https://[bad", "https://", "ftp://a/x", "//a", "/a b", "/ü"]
)
def test_a_root_path_that_is_none_is_said_before_a_model_is_loaded(
    root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADIO_ROOT_PATH", root)
    assert main(["--port", str(free_port()), "--sessions", "none", "--model", "nano"]) == 2
    assert "GRADIO_ROOT_PATH says where people find the page" in capsys.readouterr().err


@pytest.mark.parametrize(
    "root", ["", "/", "/x/", "/user/me@x/proxy/7860", "HTTPS://h.org:8443/a/b"]
)
def test_paths_and_addresses_may_be_the_root(root: str) -> None:
    check_root({"GRADIO_ROOT_PATH": root})


def test_any_letter_can_be_written_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", None)  # as it is where a service has closed it
    settle_streams()
    print("“nano · built in”", flush=True)
    sys.stderr.write("…")
    assert written.getvalue().decode() == "“nano · built in”\n"
    sys.stderr.close()


IMPORTS = """
import sys
opened = []
sys.addaudithook(lambda event, told: opened.append(str(told[0])) if event == "open" else None)
from demo.machine.environment import without_stubs
with without_stubs():
    import gradio
print([path for path in opened if path.endswith(".pyi")])
import inspect
print(inspect.getfile(gradio.Textbox) == gradio.components.textbox.__file__)
"""


@pytest.mark.process
def test_a_start_makes_no_type_stubs_of_gradios() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "True"]


@pytest.mark.process
def test_a_start_goes_on_where_nobody_reads_what_it_says(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = "from demo.machine.environment import say; say('a'); say('b'); print('c'); raise SystemExit(7)"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=writing, check=False)
    os.close(writing)
    assert (done.returncode, capfd.readouterr().err) == (7, "")
