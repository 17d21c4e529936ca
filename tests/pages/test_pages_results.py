"""Results in a browser: every output as what it is, whatever its makers wrote into it."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from serving import Client, Server, wait_until

HOSTILE = "<img src=x onerror=document.title='run'> \u202egnp.exe\u202c"
SHOWN = "<img src=x onerror=document.title='run'> \\u202egnp.exe\\u202c"
SHOW = """async (output) => {
  const section = document.createElement("section");
  document.querySelector("main").replaceChildren(section);
  const { show } = await import("/static/views.js");
  await show(section, output);
}"""
PICK = """async () => {
  const ground = document.createElement("div");
  document.querySelector("main").replaceChildren(ground);
  const { pickBox } = await import("/static/map.js");
  const box = await pickBox(ground, (bbox) => { window.picked = bbox; });
  box.set([10, 40, 20, 50]);
}"""
TWICE = """async (point) => {
  const ground = document.createElement("div");
  document.querySelector("main").replaceChildren(ground);
  const { showFeatures } = await import("/static/map.js");
  await Promise.all(["earlier", "later"].map((name) => showFeatures(ground, point, { name })));
}"""
BIG = 2**53 + 1
SEEN = [
    {"at": "2026-03-01T06:00:00", "level": 1.5, "id": BIG, "note": "late"},
    {"at": "2026-03-01 00:00:00Z", "level": None, "id": BIG + 1, "note": {"of": BIG}},
    {"at": "2026-03-01T04:00:00+02:00", "level": 3, "id": BIG - 2, "note": ""},
]
POINT = {"type": "Point", "coordinates": [13.4, 52.5]}
DOT = "R0lGODlhAQABAIAAAP8AAP///ywAAAAAAQABAAACAkQBADs="


def results_of(server: Server, process: str, inputs: dict[str, Any]) -> str:
    """The path of the results of a new job, which has ended."""
    with Client(base_url=server.url, timeout=60) as client:
        job = client.submit(process, inputs)
        wait_until(lambda: client.status(job)["status"] == "successful")
    return f"/jobs/{job}/results"


@pytest.fixture(scope="module")
def many(server: Server) -> str:
    return results_of(server, "looks", {"text": HOSTILE, "features": 6000})


@pytest.fixture(scope="module")
def one(server: Server) -> str:
    return results_of(server, "looks", {"text": HOSTILE, "features": 1})


def output(page: Page, name: str) -> Locator:
    section = page.locator("section.output").filter(has=page.locator(f"h2 code:text-is('{name}')"))
    expect(section.locator(".view")).not_to_have_attribute("aria-busy", "true", timeout=15_000)
    return section


def cells(section: Locator, column: int) -> list[str]:
    return section.locator(f"tbody tr td:nth-child({column})").all_inner_texts()


def test_the_coverage_of_districts_is_a_map_with_a_legend_and_a_table(server: Server, page: Page) -> None:
    page.goto(results_of(server, "service-coverage", {"distance": 500}))
    districts = output(page, "districts")
    expect(districts.get_by_role("region", name="Map of districts")).to_be_visible()
    expect(districts.locator("canvas")).to_be_visible()
    expect(districts.locator("option:checked")).to_have_text("covered_share")
    assert districts.locator(".legend li").all_inner_texts()[-1].endswith("to 1")
    districts.get_by_label("Colour").select_option("area_km2")
    assert not districts.locator(".legend li").all_inner_texts()[-1].endswith("to 1")
    districts.get_by_text("Properties as a table").click()
    expect(districts.locator("tbody tr")).to_have_count(58)
    expect(output(page, "summary").get_by_text("EPSG:32618").first).to_be_visible()


def test_a_picture_stands_in_the_page(server: Server, page: Page) -> None:
    page.goto(results_of(server, "heat-map", {"size": 64, "steps": 1, "pause": 0}))
    picture = output(page, "image").get_by_role("img", name="Heat map")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64


def test_a_large_collection_shows_its_first_features_and_says_so(page: Page, many: str) -> None:
    page.goto(many)
    expect(output(page, "places").get_by_text("Showing 5,000 of 6,000 features")).to_be_visible()


def test_a_feature_tells_its_properties_as_text(page: Page, one: str) -> None:
    page.goto(one)
    places = output(page, "places").locator(".map")
    places.click()
    expect(places.locator(".leaflet-popup th").last).to_have_text(SHOWN)
    expect(places.locator(".leaflet-popup td").last).to_have_text(SHOWN)


def test_features_are_gone_through_by_keys(page: Page, many: str) -> None:
    page.goto(many)
    places = output(page, "places")
    steps = places.get_by_role("group", name="Features, one by one")
    expect(steps.get_by_role("status")).to_have_text("5,000 features")
    steps.get_by_role("button", name="Next feature").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(steps.get_by_role("status")).to_contain_text("Feature 2 of 5,000: number 1, half 0.5, ")
    expect(places.locator(".leaflet-popup td").last).to_have_text(SHOWN)
    page.keyboard.press("Escape")
    expect(places.locator(".leaflet-popup")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(steps.get_by_role("status")).to_contain_text("Feature 1 of 5,000")
    expect(output(page, "line").locator(".steps")).to_have_count(0)


def test_geojson_is_known_by_its_shape(page: Page, one: str) -> None:
    page.goto(one)
    expect(output(page, "line").locator("canvas")).to_be_visible()
    projected = output(page, "projected")
    expect(projected.get_by_text("are not longitudes and latitudes")).to_be_visible()
    expect(projected.locator(".map")).to_have_count(0)


def test_a_map_is_reached_and_moved_by_keys(page: Page, one: str) -> None:
    page.goto(one)
    ground = output(page, "line").get_by_role("region", name="Map of line")
    ground.focus()
    before = ground.locator(".degrees").all_inner_texts()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(ground).to_be_focused()
    wait_until(lambda: ground.locator(".degrees").all_inner_texts() != before)


def test_rows_are_sorted_by_their_columns(page: Page, many: str) -> None:
    page.goto(many)
    rows = output(page, "rows")
    expect(rows.get_by_text("Showing 1,000 of 1,200 rows")).to_be_visible()
    expect(rows.locator("tbody tr")).to_have_count(1000)
    head = rows.get_by_role("columnheader", name="number")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert cells(rows, 1)[:2] == ["1199", "1198"]
    rows.get_by_role("columnheader", name="share").get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert cells(rows, 1)[0] == "1199"


def test_csv_is_a_table_whose_numbers_are_numbers(page: Page, one: str) -> None:
    page.goto(one)
    csv = output(page, "csv")
    assert cells(csv, 1) == ['a, "quoted"', "b", "two lines", SHOWN]
    csv.get_by_role("button", name="size").click()
    assert cells(csv, 2) == ["9", "10", "100", ""]
    csv.get_by_role("button", name="size").click()
    assert cells(csv, 2) == ["100", "10", "9", ""]


def test_a_series_of_numbers_is_a_plot_with_axes(page: Page, one: str) -> None:
    page.goto(one)
    plot = output(page, "series").get_by_role("img", name="series: 50 numbers from 0 to 240.1")
    expect(plot).to_be_visible()
    points = str(plot.locator("polyline").get_attribute("points")).split()
    assert len(points) == 50
    assert {"0", "250", "Position", "Value"} <= set(plot.locator("text").all_text_contents())


def test_json_is_folded_and_built_when_it_is_opened(page: Page, one: str) -> None:
    page.goto(one)
    nested = output(page, "nested").locator(".tree")
    assert nested.locator("details").count() == 1
    nested.locator("summary").click()
    expect(nested.get_by_text("deep")).to_be_visible()
    nested.get_by_text("list").click()
    expect(nested.locator("code.scalar")).to_have_count(101)  # the first hundred of the list, and null
    nested.get_by_role("button", name="100 more of 150").click()
    nested.get_by_role("button", name="50 more of 50").click()
    expect(nested.locator("code.scalar")).to_have_count(251)


def test_nothing_of_a_result_is_run(page: Page, one: str) -> None:
    page.goto(one)
    for name in ("page", "drawing"):
        expect(output(page, name).locator("pre")).to_contain_text("<script>document.title = 'run'")
    expect(output(page, "notes").locator("pre")).to_have_text(SHOWN)
    expect(output(page, "fake").get_by_text("This is not a picture.")).to_be_visible()
    output(page, "rows").get_by_text("As JSON").click()
    assert page.title().startswith("Results")
    assert page.locator("main script, main img[src=x], main svg script").count() == 0
    assert "\u202e" not in page.content()


@pytest.mark.parametrize(
    ("name", "size", "filename"),
    [("bytes", "35 Bytes", "bytes"), ("page", "97 Bytes", "page.html"), ("places", "", "places.geojson")],
)
def test_every_output_has_its_address_type_size_and_download(
    page: Page, one: str, name: str, size: str, filename: str
) -> None:
    page.goto(one)
    section = output(page, name)
    expect(section.locator(".facts").first).to_contain_text(size)
    expect(section.get_by_text(f"{one}/{name}")).to_be_visible()
    with page.expect_download() as download:
        section.get_by_role("link", name=f"Download {filename}").click()
    assert download.value.url.endswith(f"{one}/{name}")
    assert download.value.suggested_filename == filename


def test_a_large_output_is_loaded_when_it_is_asked_for(page: Page) -> None:
    page.goto("/conformance")
    page.evaluate(SHOW, {"name": "large", "type": "application/geo+json", "size": 50 * 1024**2, "value": POINT})
    expect(page.locator(".map")).to_have_count(0)
    page.get_by_role("button", name="Show on a map (50 MiB)").click()
    expect(page.locator(".map canvas")).to_be_visible()


def test_a_long_text_shows_its_start_and_says_so(page: Page, server: Server) -> None:
    page.route("**/long.txt", lambda route: route.fulfill(body="ä" * 300_000, content_type="text/plain"))
    page.goto("/conformance")
    page.evaluate(SHOW, {"name": "long", "type": "text/plain", "size": 600_000, "href": "/long.txt"})
    expect(page.get_by_text("Showing the first 256 KiB of 585.9 KiB")).to_be_visible()
    assert page.locator(".view pre").inner_text() == "ä" * (128 * 1024)


def test_a_value_that_a_page_has_already_is_shown_too(page: Page) -> None:
    page.goto("/conformance")
    page.evaluate(SHOW, {"name": "dot", "type": "image/gif", "value": DOT, "encoding": "base64"})
    expect(page.get_by_role("heading", name="dot")).to_be_visible()
    assert page.get_by_role("img", name="dot").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Download dot.gif").click()
    assert download.value.suggested_filename == "dot.gif"
    page.evaluate(SHOW, {"name": "text", "type": "text/html", "value": HOSTILE})
    expect(page.locator(".view pre")).to_have_text(SHOWN)
    page.evaluate(SHOW, {"name": "number", "type": "text/plain", "value": 4})
    expect(page.locator(".view")).to_have_text("4")


def test_what_cannot_be_loaded_says_why(page: Page, watch: Any) -> None:
    watch.expect("404")
    page.goto("/conformance")
    page.evaluate(SHOW, {"name": "gone", "type": "application/json", "href": "/nowhere"})
    expect(page.get_by_role("alert")).to_have_text("This cannot be shown. The server answered 404 Not Found")


def test_odd_geojson_is_left_out_of_the_map(page: Page) -> None:
    odd = [{"type": "Polygon", "coordinates": [1, 2]}, {"type": "Point", "coordinates": []}, {"type": "Circle"}, None]
    features: list[Any] = [{"type": "Feature", "geometry": geometry, "properties": 3} for geometry in [*odd, POINT]]
    page.goto("/conformance")
    value = {"type": "FeatureCollection", "features": [*features, None, 7]}
    page.evaluate(SHOW, {"name": "odd", "type": "application/geo+json", "value": value})
    expect(page.get_by_text("Showing 1 of 7 features")).to_be_visible()
    page.get_by_text("Properties as a table").click()


def test_of_two_maps_in_one_place_the_later_stays(page: Page) -> None:
    page.goto("/conformance")
    page.evaluate(TWICE, POINT)
    expect(page.get_by_role("region", name="Map of later")).to_be_visible()
    expect(page.get_by_role("region", name="Map of earlier")).to_have_count(0)


def test_a_rectangle_is_dragged_on_a_map(page: Page) -> None:
    page.goto("/conformance")
    page.evaluate(PICK)
    ground = page.get_by_role("region", name="Map to drag a rectangle on")
    drawn = ground.locator("path.picked")
    expect(drawn).to_be_visible()
    before = drawn.get_attribute("d")
    box = ground.bounding_box()
    assert box
    drag(page, box["x"] + 200, box["y"] + 100)
    west, south, east, north = page.evaluate("window.picked")
    assert -180 <= west < east <= 180
    assert -90 <= south < north <= 90
    assert drawn.get_attribute("d") != before
    page.get_by_role("button", name="Move the map").click()
    page.evaluate("window.picked = null")
    drag(page, box["x"] + 200, box["y"] + 100)
    assert page.evaluate("window.picked") is None


def drag(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y + 90, steps=4)
    page.mouse.up()


def test_tiles_are_the_background_where_the_server_names_some(page: Page, server: Server) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=204)

    page.route("**/tiles/**", answer)
    page.goto("/conformance")
    tiles = {"mapTiles": f"{server.url}/tiles/{{z}}/{{x}}/{{y}}.png", "mapAttribution": HOSTILE}
    page.evaluate("(tiles) => Object.assign(document.body.dataset, tiles)", tiles)
    page.evaluate(SHOW, {"name": "point", "type": "application/geo+json", "value": POINT})
    expect(page.locator(".leaflet-control-attribution")).to_have_text(SHOWN)
    wait_until(lambda: asked)
    assert page.locator(".graticule").count() == 0


def show_json(page: Page, value: Any) -> None:
    """Fetched, as the results of a job are."""
    page.route("**/value.json", lambda route: route.fulfill(json=value))
    page.goto("/conformance")
    page.evaluate(SHOW, {"name": "value", "type": "application/json", "href": "/value.json"})


def test_integers_keep_their_digits(page: Page) -> None:
    show_json(page, {"id": BIG, "text": str(BIG), "share": 0.1234567890123456})
    assert page.locator(".tree li").all_inner_texts() == [f"id {BIG}", f"text {BIG}", "share 0.1234567890123456"]
    show_json(page, SEEN)
    assert cells(page.locator("main"), 3) == [str(row["id"]) for row in SEEN]
    assert cells(page.locator("main"), 4)[1] == f'{{"of":{BIG}}}'
    page.get_by_role("button", name="id").click()
    assert cells(page.locator("main"), 3) == [str(BIG - 2), str(BIG), str(BIG + 1)]
    feature = {"type": "Feature", "geometry": POINT, "properties": {"id": BIG, "parts": [BIG]}}
    show_json(page, feature)
    page.locator(".map").click()
    assert page.locator(".leaflet-popup td").all_inner_texts() == [str(BIG), f"[{BIG}]"]
    page.get_by_text("Properties as a table").click()
    expect(page.locator(".folded tbody td").first).to_have_text(str(BIG))
    show_json(page, [BIG, BIG])
    expect(page.locator(".tree code").last).to_have_text(str(BIG))


@pytest.mark.own_page
def test_a_browser_that_rounds_integers_says_so(page: Page) -> None:
    page.add_init_script("delete JSON.rawJSON; delete JSON.isRawJSON;")
    show_json(page, {"id": BIG})
    expect(page.get_by_text("This browser rounds long integers; the download has all their digits.")).to_be_visible()
    expect(page.locator(".tree code")).to_have_text(str(BIG - 1))
    show_json(page, {"id": BIG - 2})
    expect(page.locator(".note")).to_have_count(1)


def test_rows_with_times_are_a_plot_of_their_numbers(page: Page) -> None:
    show_json(page, SEEN)
    plot = page.get_by_role("img", name="value, level: 2 numbers from 1.5 to 3")
    points = [
        tuple(map(float, point.split(","))) for point in str(plot.locator("polyline").get_attribute("points")).split()
    ]
    assert points[0][0] < points[1][0]
    assert points[0][1] < points[1][1]  # SVG counts from above
    assert {"06:00", "level", "at, UTC, from 2026-03-01"} <= set(plot.locator("text").all_text_contents())
    page.get_by_label("Plot").select_option("id")
    expect(page.get_by_role("img", name="value, id: 3 numbers from")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)


@pytest.mark.parametrize(
    "rows",
    [
        [{"at": "2026-03-01", "level": 1}],
        [{"at": "2026-03-01", "level": 1}, {"at": "soon", "level": 2}],
        [{"at": "2026-13-01", "level": 1}, {"at": "2026-13-02", "level": 2}],
        [{"at": "2026-03-01", "level": "high"}, {"at": "2026-03-02", "level": 2}],
        [{"at": "2026-03-01", "level": 1e300}, {"at": "2026-03-02", "level": -1e300}],
    ],
)
def test_other_rows_are_no_plot(page: Page, rows: Any) -> None:
    show_json(page, rows)
    expect(page.locator("tbody tr")).to_have_count(len(rows))
    expect(page.locator(".plot")).to_have_count(0)


def show_days(page: Page, *days: str) -> list[str]:
    """The texts of a plot over them."""
    rows = "".join(f"{day};{number}\n" for number, day in enumerate(days))
    page.goto("/conformance")
    page.evaluate(SHOW, {"name": "levels", "type": "text/csv", "value": f"day;level\n{rows}"})
    assert "NaN" not in str(page.locator("polyline").get_attribute("points"))
    return page.locator(".plot text").all_text_contents()


def test_days_and_years_are_ticks_of_a_plot(page: Page) -> None:
    assert {"1920", "2020"} <= set(show_days(page, "1900-01-01", "1950-06-01", "2025-01-01"))
    assert {"2026-03-30", "2026-04-01"} <= set(show_days(page, "2026-03-28", "2026-04-02"))
    show_days(page, "2026-03-28", "2026-03-28")
