"""The form of a process in a browser: every kind of control, errors beside the fields, examples, code that runs."""

import json
import re
import shutil
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect
from serving import ROOT, Client, Server
from watching import Watch, watched


def open_form(page: Page, process: str, query: str = "") -> Page:
    page.goto(f"/processes/{process}{query}")
    page.locator("form.execution[data-ready]").wait_for()
    return page


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


def fill_with(page: Page, example: str) -> None:
    page.get_by_role("button", name=example).click()
    expect(page.locator("#status")).to_contain_text(example)


def see_code(page: Page) -> None:
    """Until it is written."""
    page.locator("#code").scroll_into_view_if_needed()
    expect(page.locator("[data-language=curl] code")).not_to_be_empty()


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def body_of(page: Page) -> dict[str, Any]:
    """What the form sends."""
    with page.expect_request(lambda request: request.method == "POST") as sent:
        run(page)
    request: Request = sent.value
    return json.loads(request.post_data or "")


def answer_of(page: Page) -> Any:
    with page.expect_response(lambda response: response.request.method == "POST") as got:
        run(page)
    return got.value.json()


def test_a_process_is_run_and_its_result_shown(page: Page) -> None:
    open_form(page, "simple_process")
    field(page, "input_text").get_by_label("Input Text", exact=True).fill("straße")
    run(page)
    expect(page.locator("#outcome section")).to_contain_text("STRASSE")
    expect(page.locator("#status")).to_contain_text("Done in")
    expect(page.locator("#outcome")).to_be_focused()


def test_every_kind_of_input_comes_back_as_it_was_entered(page: Page) -> None:
    open_form(page, "echo")
    field(page, "message").get_by_label("Message", exact=True).fill("two\nlines")
    field(page, "pause").get_by_label("Pause", exact=True).fill("1")
    field(page, "count").get_by_label("Number", exact=True).fill("2.5")
    field(page, "flag").get_by_label("Flag", exact=True).select_option("false")
    field(page, "when").get_by_label("Date-time", exact=True).fill("2026-11-22T12:00")
    field(page, "when").get_by_label("Zone").fill("-05:00")
    numbers = field(page, "numbers")
    for index, number in enumerate(["1", "2", "3"]):
        if index:
            numbers.get_by_role("button", name="Add to").click()
        numbers.get_by_label("Array, item", exact=True).nth(index).fill(number)
    mixed = field(page, "mixed")
    mixed.get_by_label("Kind of Text or object").select_option("Object")
    mixed.get_by_role("button", name="Add to").click()
    mixed.get_by_label("Name").fill("colour")
    mixed.get_by_label("Text or object, value", exact=True).first.fill("blue")
    area = field(page, "area")
    for name, number in (("West", "-73.95"), ("South", "45.41"), ("East", "-73.47"), ("North", "45.71")):
        area.get_by_label(name).fill(number)
    area.get_by_label("CRS").fill("http://www.opengis.net/def/crs/OGC/1.3/CRS84")
    geometry = field(page, "geometry")
    point = {"type": "Point", "coordinates": [-73.5617, 45.5089]}
    geometry.get_by_label("Kind of Geometry").select_option("application/geo+json")
    geometry.locator("[data-kind=geojson] textarea").fill(json.dumps(point))
    expect(geometry.locator(".map")).to_be_visible()
    geometry.get_by_role("button", name="Add to").click()
    geometry.get_by_label("Geometry", exact=True).nth(2).fill("<gml:Point/>")
    answer = answer_of(page)
    assert answer == {
        "message": "two\nlines",
        "count": 2.5,
        "flag": False,
        "when": "2026-11-22T12:00:00-05:00",
        "numbers": [1, 2, 3],
        "mixed": {"value": {"colour": "blue"}, "mediaType": "application/json"},
        "area": {
            "value": {
                "bbox": [-73.95, 45.41, -73.47, 45.71],
                "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            },
            "mediaType": "application/json",
        },
        "geometry": [point, "<gml:Point/>"],
    }
    expect(page.locator("#outcome section")).to_have_count(8)


def test_a_text_or_an_object_may_be_the_text(page: Page) -> None:
    open_form(page, "echo")
    field(page, "message").get_by_label("Message", exact=True).fill("x")
    field(page, "mixed").get_by_label("Text or object", exact=True).first.fill("plain")
    assert answer_of(page)["mixed"] == "plain"


def test_a_file_is_sent_as_base64_and_shown_as_a_picture(page: Page) -> None:
    open_form(page, "echo-binary")
    swatch = ROOT / "processes.d" / "data" / "swatch.png"
    field(page, "image").locator("input[type=file]").first.set_input_files(swatch)
    expect(field(page, "image").locator("output").first).to_contain_text("213 bytes")
    run(page)
    picture = page.locator("#outcome img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    field(page, "image").get_by_role("button", name="Take it away").first.click()
    expect(field(page, "image").locator("input[type=file]").first).to_be_focused()


def test_geojson_comes_from_a_file_too(page: Page) -> None:
    open_form(page, "service-coverage")
    points = field(page, "points")
    points.locator("input[type=file]").set_input_files(ROOT / "processes.d" / "data" / "metro-stations.geojson")
    expect(points.locator(".map")).to_be_visible()
    assert len(body_of(page)["inputs"]["points"]["value"]["features"]) == 5
    expect(page.locator("#outcome .map")).to_be_visible()


def test_a_rectangle_on_the_map_is_the_bounding_box(page: Page) -> None:
    open_form(page, "echo")
    area = field(page, "area")
    area.get_by_role("button", name="Drag on a map").click()
    expect(area.locator(".map")).to_be_focused()
    area.locator(".map").scroll_into_view_if_needed()
    at = area.locator(".map").bounding_box()
    assert at
    page.mouse.move(at["x"] + 100, at["y"] + 100)
    page.mouse.down()
    page.mouse.move(at["x"] + 150, at["y"] + 150, steps=4)
    page.mouse.up()
    west, south, east, north = (float(area.get_by_label(n).input_value()) for n in ("West", "South", "East", "North"))
    assert west < east
    assert south < north


def test_a_finger_drags_the_rectangle_and_two_zoom(browser: Browser, watch: Watch) -> None:
    with watched(browser, watch, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        page = open_form(context.new_page(), "echo")
        area = field(page, "area")
        area.get_by_role("button", name="Drag on a map").tap()
        area.locator(".drawing").scroll_into_view_if_needed()
        at = area.locator(".drawing").bounding_box()
        assert at
        touch = context.new_cdp_session(page)

        def put(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": at["x"] + x, "y": at["y"] + y, "id": number} for number, (x, y) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        scrolled = page.evaluate("scrollY")
        put("touchStart", (90, 150))
        for step in range(1, 6):
            put("touchMove", (90 + 10 * step, 150 + 20 * step))
        put("touchEnd")
        numbers = [float(area.get_by_label(name).input_value()) for name in ("West", "South", "East", "North")]
        assert numbers[0] < numbers[2]
        assert numbers[1] < numbers[3]
        assert page.evaluate("scrollY") == scrolled
        put("touchStart", (100, 200), (150, 200))
        for step in range(1, 6):
            put("touchMove", (100 - 4 * step, 200), (150 + 4 * step, 200))
        put("touchEnd")
        assert [float(area.get_by_label(n).input_value()) for n in ("West", "South", "East", "North")] == numbers


def test_an_input_may_be_a_reference(page: Page, server: Server, client: Client) -> None:
    job_id = client.submit("echo", {"message": "from elsewhere"})
    client.finished(job_id)
    open_form(page, "simple_process")
    text = field(page, "input_text")
    text.get_by_label("How Input Text is sent").select_option("URL")
    text.get_by_label("URL", exact=True).fill(f"{server.url}/jobs/{job_id}/results/message")
    assert answer_of(page) == {"output_text": "FROM ELSEWHERE"}


def test_errors_stand_beside_their_fields(page: Page, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    open_form(page, "echo")
    field(page, "count").get_by_label("Number", exact=True).fill("11")
    numbers = field(page, "numbers")
    numbers.get_by_label("Array, item").fill("1")
    numbers.get_by_role("button", name="Add to").click()
    numbers.get_by_label("Array, item").nth(1).fill("1.5")
    field(page, "area").get_by_label("West").fill("1")
    run(page)
    message = field(page, "message").get_by_label("Message", exact=True)
    expect(message).to_be_focused()
    expect(message).to_have_attribute("aria-invalid", "true")
    expect(message).to_have_accessible_description(re.compile("is required"))
    expect(field(page, "count").locator(".error")).to_contain_text("11 is greater than")
    expect(numbers.locator("[data-item]").nth(0).locator(".error")).to_have_count(0)
    expect(numbers.locator("[data-item]").nth(1).locator(".error")).to_contain_text("1.5 is not of type")
    expect(field(page, "area").locator(".error")).to_have_text(
        [f"{n}: nothing is entered" for n in ("South", "East", "North")]
    )
    message.fill("x")
    field(page, "count").get_by_label("Number", exact=True).fill("1")
    numbers.get_by_role("button", name="Remove").nth(1).click()
    field(page, "area").get_by_label("West").fill("")
    assert answer_of(page) == {"message": "x", "count": 1, "numbers": [1]}
    expect(page.locator("form .error")).to_have_count(0)
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_what_is_not_json_is_said_beside_the_field(page: Page) -> None:
    open_form(page, "echo")
    field(page, "message").get_by_label("How Message is sent").select_option("JSON")
    area = field(page, "message").get_by_label("Message, as JSON")
    area.fill("{")
    run(page)
    expect(area).to_be_focused()
    expect(field(page, "message").locator(".error")).to_contain_text("This is not JSON")


def test_markup_in_what_comes_back_is_text(page: Page, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    open_form(page, "echo")
    markup = "<img src=x onerror=alert(1)>"
    field(page, "numbers").get_by_label("How Array is sent").select_option("JSON")
    field(page, "numbers").get_by_label("Array, as JSON").fill(json.dumps([markup]))
    run(page)
    expect(field(page, "numbers").locator(".error")).to_contain_text(markup)
    expect(field(page, "numbers").locator(".error")).to_be_visible()
    field(page, "numbers").get_by_label("Array, as JSON").fill("")
    field(page, "message").get_by_label("Message", exact=True).fill(markup)
    assert answer_of(page) == {"message": markup}
    expect(page.locator("#outcome section")).to_contain_text(markup)
    expect(page.locator("main img")).to_have_count(0)


def test_a_failure_stands_at_the_top(page: Page, watch: Watch) -> None:
    watch.expect("500 (Internal Server Error)")
    open_form(page, "misbehave")
    field(page, "how").get_by_label("how", exact=True).fill("process-error")
    run(page)
    expect(page.locator("#trouble")).to_contain_text("outside the city limits")
    expect(page.locator("#trouble")).to_be_focused()


@pytest.mark.parametrize(("title", "name"), [("Every kind of input", "everything"), ("The shortest request", "hello")])
def test_an_example_fills_the_form(page: Page, client: Client, title: str, name: str) -> None:
    open_form(page, "echo")
    for example in ("Every kind of input", title):
        fill_with(page, example)
    expect(page.locator("[data-as=json]:not([hidden])")).to_have_count(0)
    example = json.loads((ROOT / "processes.d" / "echo.json").read_text())["examples"][name]
    body = body_of(page)["inputs"]
    for one in body.get("geometry", []):
        assert one.pop("mediaType") == "application/geo+json"
    assert body == example["inputs"]


def test_what_no_control_holds_is_filled_as_json(page: Page, client: Client) -> None:
    inputs = {"message": "x", "when": "2026-11-22T12:00:00.1234567Z", "mixed": {"value": {"a": {"b": [1, None]}}}}
    job_id = client.submit("echo", inputs)
    open_form(page, "echo", f"?job={job_id}")
    expect(field(page, "when").locator("[data-mode]").first).to_have_value("json")
    body = body_of(page)["inputs"]
    assert body == {**inputs, "pause": 0}


def test_a_job_is_run_again_with_its_inputs(page: Page, client: Client) -> None:
    inputs = {"message": "", "numbers": [], "count": 3, "mixed": "again", "geometry": ["<gml:Point/>"]}
    job_id = client.submit("echo", inputs)
    open_form(page, "echo", f"?job={job_id}")
    expect(page.locator("#status")).to_contain_text(job_id)
    sent = body_of(page)["inputs"]
    assert sent.pop("geometry") == [{"value": "<gml:Point/>", "mediaType": "application/gml+xml; version=3.2"}]
    assert sent == {"message": "", "numbers": [], "count": 3, "mixed": "again", "pause": 0}


def test_a_job_that_is_unknown_is_told(page: Page, watch: Watch) -> None:
    watch.expect("404 (Not Found)")
    open_form(page, "echo", "?job=00000000-0000-0000-0000-000000000000")
    expect(page.locator("#trouble")).to_contain_text("There is no job")


def test_a_run_may_be_a_job(page: Page) -> None:
    open_form(page, "echo")
    field(page, "message").get_by_label("Message", exact=True).fill("later")
    page.get_by_label("As a job").check()
    run(page)
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))


def test_outputs_are_chosen(page: Page) -> None:
    open_form(page, "echo")
    fill_with(page, "Every kind of input")
    for output in page.locator("[data-output]").all():
        if output.get_attribute("data-output") not in ("count", "message"):
            output.get_by_label("wanted").uncheck()
    page.locator('[data-output="message"] [data-transmission]').select_option("reference")
    answer = answer_of(page)
    assert set(answer) == {"count", "message"}
    assert answer["message"]["href"].endswith("/results/message")
    expect(page.locator("#outcome section").first).to_contain_text("Hello")


def test_one_output_at_least_is_wanted(page: Page) -> None:
    open_form(page, "simple_process")
    fill_with(page, "A greeting, louder")
    page.get_by_label("Output Text wanted").uncheck()
    run(page)
    expect(page.get_by_label("Output Text wanted")).to_be_focused()
    expect(page.locator("[data-output] .error")).to_contain_text("At least one output")


def test_an_answer_of_somebody_else_is_told(page: Page, watch: Watch) -> None:
    watch.expect("502 (Bad Gateway)")
    page.route("**/execution", lambda route: route.fulfill(status=502, body="<h1>nginx</h1>"))
    open_form(page, "simple_process")
    run(page)
    expect(page.locator("#trouble")).to_contain_text("502 Bad Gateway, is not JSON")


def test_a_server_that_is_away_is_told(page: Page, watch: Watch) -> None:
    watch.expect("ERR_FAILED")
    open_form(page, "simple_process")
    page.route("**/*", lambda route: route.abort())
    run(page)
    expect(page.locator("#trouble")).to_contain_text("The server cannot be reached as it should")
    expect(page.locator("#trouble")).to_be_focused()


def test_a_run_that_is_waited_for_can_be_stopped(page: Page) -> None:
    open_form(page, "echo")
    fill_with(page, "The shortest request")
    field(page, "pause").get_by_label("Pause", exact=True).fill("60")
    run(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_focused()


@pytest.mark.own_page
def test_the_page_asks_for_no_map_and_no_code_until_one_is_needed(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_form(page, "echo")
    assert not [url for url in asked if re.search("map.js|leaflet|snippets.js", url)]
    see_code(page)
    assert [url for url in asked if "snippets.js" in url]


def code(page: Page, language: str) -> str:
    return page.locator(f"[data-language={language}] code").text_content() or ""


TRICKY = 'it\'s "quoted" $HOME `id` \\ ü \u202e!'


def fill_tricky(page: Page) -> None:
    open_form(page, "echo")
    fill_with(page, "Every kind of input")
    field(page, "message").get_by_label("Message", exact=True).fill(TRICKY)
    see_code(page)
    expect(page.locator("[data-language=curl] code")).to_contain_text("quoted")


@pytest.mark.parametrize("language", ["curl", "httpx", "owslib", "javascript"])
def test_the_code_runs_and_does_what_the_form_does(page: Page, language: str, tmp_path: Path) -> None:
    fill_tricky(page)
    text = code(page, language)
    assert "\u202e" not in text
    printed = outcome_of(language, text, tmp_path)
    if language == "javascript":  # What Node.js prints is neither JSON nor whole.
        assert "$HOME `id`" in printed
        return
    answer = json.loads(printed) if language == "curl" else literal_eval(printed)
    assert answer["message"] == TRICKY
    assert answer["numbers"] == [1, 2, 3]
    assert answer["flag"] is False
    assert answer["geometry"]["value"] == {"type": "Point", "coordinates": [-73.5617, 45.5089]}


def outcome_of(language: str, text: str, folder: Path) -> str:
    """What the code prints."""
    node = shutil.which("node")
    if language == "javascript" and node is None:
        pytest.skip("no Node.js is installed")
    commands = {"curl": ["sh", "-c", f"{text} -sS"], "javascript": [node or "", "--input-type=module", "-e", text]}
    command = commands.get(language, [sys.executable, "-c", text])
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


LONG = 9007199254740993
"""No number of JavaScript holds it."""


@pytest.mark.parametrize("way", ["JSON", "file"])
def test_integers_of_json_and_of_files_keep_their_digits(page: Page, way: str) -> None:
    point = {"type": "Feature", "geometry": None, "properties": {"id": LONG}}
    if way == "file":
        open_form(page, "service-coverage")
        content = {"name": "x.geojson", "mimeType": "", "buffer": json.dumps(point).encode()}
        field(page, "points").locator("input[type=file]").set_input_files(content)  # type: ignore[arg-type]
        expect(field(page, "points").get_by_label("Points", exact=True)).to_have_value(re.compile(str(LONG)))
    else:
        open_form(page, "echo")
        field(page, "mixed").get_by_label("How Text or object is sent").select_option("JSON")
        field(page, "mixed").get_by_label("Text or object, as JSON").fill(json.dumps({"value": point}))
    page.route("**/execution", lambda route: route.fulfill(json={}))
    with page.expect_request(lambda request: request.method == "POST") as sent:
        run(page)
    assert f'"id":{LONG}' in (sent.value.post_data or "")


def test_long_integers_of_a_job_fill_its_controls(page: Page, client: Client) -> None:
    job_id = client.submit("odd-names", {"constructor": LONG, "a.b": 1, 'say "it\'s"': "x"})
    open_form(page, "odd-names", f"?job={job_id}")
    expect(field(page, "constructor").locator("[data-as=value] input")).to_have_value(str(LONG))
    expect(page.locator("[data-as=json]:not([hidden])")).to_have_count(0)


@pytest.mark.own_page
def test_a_browser_that_would_round_says_so(page: Page) -> None:
    page.add_init_script("delete JSON.rawJSON")
    open_form(page, "echo")
    field(page, "mixed").get_by_label("How Text or object is sent").select_option("JSON")
    field(page, "mixed").get_by_label("Text or object, as JSON").fill(json.dumps({"value": {"id": LONG}}))
    run(page)
    expect(field(page, "mixed").locator(".error")).to_contain_text("would round integers")


def test_the_code_keeps_all_digits(page: Page, tmp_path: Path) -> None:
    open_form(page, "echo")
    field(page, "message").get_by_label("Message", exact=True).fill("x")
    field(page, "mixed").get_by_label("How Text or object is sent").select_option("JSON")
    field(page, "mixed").get_by_label("Text or object, as JSON").fill(json.dumps({"value": {"ids": [LONG, 1]}}))
    see_code(page)
    expect(page.locator("[data-language=curl] code")).to_contain_text(str(LONG))
    for language in ("curl", "httpx", "owslib", "javascript"):
        text = code(page, language)
        if language != "javascript":
            assert f"{LONG}" in outcome_of(language, text, tmp_path)
        elif node := shutil.which("node"):
            told = "globalThis.fetch = async (_, { body }) => (console.log(body), { json() {} });"
            command = [node, "--input-type=module", "-e", told + text]
            assert f"[{LONG},1]" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("language", ["httpx", "curl"])
def test_the_code_for_a_job_runs(page: Page, language: str, tmp_path: Path) -> None:
    open_form(page, "simple_process")
    fill_with(page, "A greeting, louder")
    page.get_by_label("As a job").check()
    see_code(page)
    expect(page.locator("[data-language=curl] code")).to_contain_text("respond-async")
    printed = outcome_of(language, code(page, language), tmp_path)
    assert ("HELLO WORLD" if language == "httpx" else '"jobID"') in printed


@pytest.mark.parametrize("language", ["curl", "httpx", "owslib"])
def test_the_code_of_a_large_request_reads_a_file(page: Page, language: str, tmp_path: Path) -> None:
    open_form(page, "echo")
    field(page, "message").get_by_label("Message", exact=True).fill("long " * 10_000)
    see_code(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="request.json").click()
    download.value.save_as(tmp_path / "request.json")
    text = code(page, language)
    assert len(text) < 1000
    assert outcome_of(language, text, tmp_path).count("long ") == 10_000


ODD = {
    "__proto__": "first",
    "constructor": 3,
    'say "it\'s"': "q\"'",
    "a": {"value": {"b": 1, "x[0]": 2}},
    "a.b": 5,
    "größe 尺寸": 7.5,
    "<img src=x onerror=alert(1)>": True,
    "$HOME `id` \\ {{ 1 }} ${x}": "`x` ${y}",
    "toString": {"value": {"__proto__": 12}},
}


def fill_odd(page: Page) -> None:
    fields = page.locator("[data-field]")
    for place, selector, text in (
        (0, "textarea", "first"),
        (1, "[data-kind=number]", "3"),
        (2, "textarea", "q\"'"),
        (3, "[data-name=b] input", "1"),
        (3, "[data-name='x[0]'] input", "2"),
        (4, "[data-kind=number]", "5"),
        (5, "[data-kind=number]", "7.5"),
        (7, "textarea", "`x` ${y}"),
    ):
        fields.nth(place).locator(f"[data-as=value] {selector}").fill(text)
    fields.nth(6).locator("[data-kind=enum]").select_option("true")
    fields.nth(8).get_by_role("button", name="Add to").click()
    fields.nth(8).get_by_label("Name").fill("__proto__")
    fields.nth(8).locator("[data-item] [data-kind=number]").fill("12")


def test_inputs_may_have_any_name(page: Page) -> None:
    open_form(page, "odd-names")
    fill_with(page, "Some of them")
    assert page.locator("[data-mode]").evaluate_all("modes => modes.map(mode => mode.value)") == ["value"] * 9
    fill_odd(page)
    body = body_of(page)
    assert body["inputs"] == ODD
    see_code(page)
    for language, call in (("curl", '"__proto__": '), ("javascript", '["__proto__"]: ')):
        expect(page.locator(f"[data-language={language}] code")).to_contain_text(f'{call}"first"')
    expect(page.locator("#outcome")).to_contain_text("<img src=x onerror=alert(1)>")


def test_errors_find_fields_of_any_name(page: Page, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    open_form(page, "odd-names")
    fill_odd(page)
    a = field(page, "a")
    a.locator("[data-name=b] input").fill("1.5")
    field(page, "toString").locator("[data-item] [data-kind=number]").fill("1.5")
    field(page, "toString").get_by_label("Name").fill("it's.")
    page.locator("[data-field]").nth(2).locator("[data-as=value] textarea").fill("")
    field(page, "a.b").locator("[data-kind=number]").fill("")
    run(page)
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page.locator("form .error")).to_have_count(4)
    expect(page.locator("[data-field]").nth(2).locator(".error")).to_have_text("is required")
    expect(field(page, "a.b").locator(".error")).to_have_text("is required")
    expect(a.locator("[data-name=b] .error")).to_contain_text("1.5 is not")
    expect(field(page, "toString").locator("[data-item] .error")).to_contain_text("1.5 is not")


@pytest.mark.own_page
def test_the_code_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill_tricky(page)
    page.get_by_role("button", name="Copy: curl").click()
    expect(page.locator("[data-language=curl] output")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code(page, "curl")


@pytest.mark.own_page
@pytest.mark.parametrize("clipboard", ["undefined", "{ writeText: () => Promise.reject(new Error('not allowed')) }"])
def test_the_code_is_copied_where_the_clipboard_may_not_be_written_to(page: Page, clipboard: str) -> None:
    """As on a page that came over plain HTTP."""
    page.add_init_script(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    fill_tricky(page)
    copied = code(page, "curl")
    page.get_by_role("button", name="Copy: curl").click()
    expect(page.locator("[data-language=curl] output")).to_have_text("Copied")
    area = field(page, "message").get_by_label("Message", exact=True)
    area.fill("")
    area.press("ControlOrMeta+V")
    assert area.input_value() == copied


@pytest.mark.own_page
def test_code_that_cannot_be_copied_is_selected(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.add_init_script("document.execCommand = () => false")
    open_form(page, "simple_process")
    see_code(page)
    page.get_by_role("button", name="Copy: curl").click()
    expect(page.locator("[data-language=curl] output")).to_contain_text("press Ctrl+C")
    assert page.evaluate("getSelection().toString()").strip() == code(page, "curl")
