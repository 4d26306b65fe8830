//! What stands on a page.

use std::collections::BTreeMap;

use serde_json::Value;

/// The data of the charts, by their names; of several with one name that of the last.
pub(super) fn charts(page: &str) -> BTreeMap<String, Value> {
    let named = all_charts(page)
        .into_iter()
        .map(|chart| (chart["name"].as_str().unwrap().to_owned(), chart));
    named.collect()
}

pub(super) fn all_charts(page: &str) -> Vec<Value> {
    let (_, from) = page
        .split_once("<script type=\"application/json\" id=\"charts\">")
        .unwrap();
    let (text, _) = from.split_once("</script>").unwrap();
    serde_json::from_str(text).unwrap()
}

/// What each cell of a table shows of which place of a file.
pub(super) fn figures(page: &str) -> Vec<(String, String)> {
    let cells = page.split("data-name=\"").skip(1);
    let cell = |cell: &str| {
        let (name, rest) = cell.split_once('"').unwrap();
        let (_, raw) = rest.split_once("=\"").unwrap();
        (name.to_owned(), raw.split_once('"').unwrap().0.to_owned())
    };
    cells.map(cell).collect()
}

/// Each is what stands in its place of the file.
pub(super) fn assert_in_file(file: &Value, figures: Vec<(String, String)>) {
    for (name, raw) in figures {
        let expected = match looked_up(file, &name) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(raw, expected, "{name}");
    }
}

fn looked_up<'a>(file: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(file, |value, name| match name.parse::<usize>() {
            Ok(place) => &value[place],
            Err(_not_a_place) => &value[name],
        })
}
