//! What a page may neither do nor let happen, whatever stands in a file.

use super::examples::{page_of, source};
use crate::report::html::page;
use crate::results::tests::{doubt, run, time_split};
use crate::results::{Doubt, TimeSplit};

#[test]
fn text_from_a_file_is_never_markup() {
    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let mut run = run();
    run.plan.sizes = HOSTILE.to_owned();
    run.plan.rate = Some(HOSTILE.to_owned());
    run.not_sent_by.insert(HOSTILE.to_owned(), 1);
    run.verdict.doubts.push(Doubt {
        code: HOSTILE.to_owned(),
        message: HOSTILE.to_owned(),
        unit: HOSTILE.to_owned(),
        ..doubt()
    });
    run.host
        .unreadable
        .insert(HOSTILE.to_owned(), HOSTILE.to_owned());
    run.time_split = Some(TimeSplit {
        withheld: Some(HOSTILE.to_owned()),
        ..time_split()
    });
    let hostile_path = format!("{HOSTILE}.json");
    let pages = [
        page(&[source(&hostile_path, run.clone())]),
        page(&[source(&hostile_path, run.clone()), source("b", run)]),
    ];
    for page in pages {
        assert!(!page.contains("<img") && !page.contains("<script>alert"));
        // The page's own: the data, the plotting library and the page's script.
        assert_eq!(page.matches("</script>").count(), 3);
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    }
}

#[test]
fn nothing_may_be_loaded_from_anywhere() {
    let page = page_of(run());
    let (_, policy) = page
        .split_once("http-equiv=\"Content-Security-Policy\" content=\"")
        .unwrap();
    assert!(
        policy.starts_with("default-src &#39;none&#39;;")
            || policy.starts_with("default-src 'none';")
    );
    assert!(!page.contains(" src=") && !page.contains("<link") && !page.contains(" style="));
    assert!(!page.contains(" onclick=") && !page.contains("unsafe-inline"));
}
