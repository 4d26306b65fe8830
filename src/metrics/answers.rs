//! What is asked for, and what is said to it.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode};
use tokio::time::{Instant, sleep};

use super::exposition::{self, Format, Moment};
use super::process::Process;
use crate::lifecycle::{Lifecycle, Phase};
use crate::log::Unwritten;
use crate::server::Observer;

/// Where answers come from.
pub(super) struct Source {
    pub(super) observer: Observer,
    pub(super) lifecycle: Lifecycle,
    pub(super) unwritten: Unwritten,
    pub(super) process: Process,
}

/// A page that there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Page {
    Contents,
    Metrics(Format),
    Health,
    Readiness,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Missing {
    NotFound,
    WrongMethod,
}

/// The answer to a request.
pub(super) async fn answer(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    source: &Source,
) -> Response<Full<Bytes>> {
    match find(method, path, headers) {
        Ok(Page::Contents) => say(StatusCode::OK, CONTENTS),
        Ok(Page::Metrics(format)) => source.metrics(format),
        Ok(Page::Health) => source.health().await,
        Ok(Page::Readiness) => source.readiness(),
        Err(Missing::NotFound) => say(StatusCode::NOT_FOUND, CONTENTS),
        Err(Missing::WrongMethod) => {
            let mut refusal = say(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD alone\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            refusal.headers_mut().insert(ALLOW, allowed);
            refusal
        }
    }
}

fn find(method: &Method, path: &str, headers: &HeaderMap) -> Result<Page, Missing> {
    let page = match path {
        "/" => Page::Contents,
        "/metrics" => Page::Metrics(format(headers)),
        "/healthz" => Page::Health,
        "/readyz" => Page::Readiness,
        _ => return Err(Missing::NotFound),
    };
    if method == Method::GET || method == Method::HEAD {
        Ok(page)
    } else {
        Err(Missing::WrongMethod)
    }
}

/// What the scraper would rather have: of the formats that it accepts the one with the greatest weight,
/// and of those with the same one the one that says more.
fn format(headers: &HeaderMap) -> Format {
    let accepted = headers.get_all(ACCEPT).iter();
    let kinds = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let known = kinds.filter_map(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let parameters: Vec<&str> = parts.collect();
        let weight = parameters.iter().find_map(|part| part.strip_prefix("q="));
        let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f64>().ok())?;
        let (format, rank) = known(name, &parameters)?;
        (weight > 0.0).then_some((weight, rank, format))
    });
    let first = known.max_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    first.map_or(Format::Prometheus, |(_, _, format)| format)
}

/// The format of this media type, if it is one of ours, and how much it can say.
fn known(name: &str, parameters: &[&str]) -> Option<(Format, u8)> {
    let has = |wanted: &str| {
        let mut parts = parameters.iter();
        parts.any(|part| part.eq_ignore_ascii_case(wanted))
    };
    match name.to_ascii_lowercase().as_str() {
        "application/vnd.google.protobuf"
            if has("proto=io.prometheus.client.MetricFamily") && has("encoding=delimited") =>
        {
            Some((Format::Protobuf, 2))
        }
        "application/openmetrics-text" => Some((Format::OpenMetrics, 1)),
        "text/plain" => Some((Format::Prometheus, 0)),
        _ => None,
    }
}

impl Source {
    fn metrics(&self, format: Format) -> Response<Full<Bytes>> {
        let Some(summary) = self.observer.summary() else {
            return say(StatusCode::SERVICE_UNAVAILABLE, "the server has ended\n");
        };
        let moment = Moment {
            summary,
            ready: self.lifecycle.is_ready(),
            unwritten: self.unwritten.lines(),
            usage: self.process.usage(),
        };
        match exposition::write(moment, format) {
            Ok(page) => respond(StatusCode::OK, format.content_type(), page),
            Err(_formatting) => say(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics cannot be written down\n",
            ),
        }
    }

    /// Asks the workers whether they turn, and gives them some time to say so.
    async fn health(&self) -> Response<Full<Bytes>> {
        let question = self.lifecycle.ask();
        let end = Instant::now() + PATIENCE;
        loop {
            let silent = self.lifecycle.silent(question);
            if silent.is_empty() {
                return say(StatusCode::OK, "ok\n");
            }
            if Instant::now() >= end {
                let sentence = format!("workers {silent:?} do not turn\n");
                return say(StatusCode::SERVICE_UNAVAILABLE, sentence);
            }
            sleep(GLANCE).await;
        }
    }

    fn readiness(&self) -> Response<Full<Bytes>> {
        if self.lifecycle.is_ready() {
            return say(StatusCode::OK, "ready\n");
        }
        let sentence = match self.lifecycle.phase() {
            Phase::Running => "starting\n",
            Phase::Draining => "draining\n",
            Phase::Replaced => "replaced\n",
            Phase::Stopped => "stopped\n",
        };
        say(StatusCode::SERVICE_UNAVAILABLE, sentence)
    }
}

fn say(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", text)
}

fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const CONTENTS: &str = "\
/metrics  what was counted, for Prometheus
/healthz  200 if every worker turns
/readyz   200 if it answers what comes, 503 once it shall end
";

/// How long workers may take to answer before they count as stuck.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait between two looks whether they have.
const GLANCE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(kinds: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(kinds).unwrap());
        headers
    }

    #[test]
    fn a_scraper_gets_the_format_that_it_knows() {
        for (kinds, expected) in [
            ("*/*", Format::Prometheus),
            ("text/plain;version=0.0.4", Format::Prometheus),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                 encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1",
                Format::Protobuf,
            ),
            (
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=text, text/plain;q=0.2",
                Format::Prometheus,
            ),
            (
                "application/openmetrics-text;q=0.2,text/plain;q=0.9",
                Format::Prometheus,
            ),
            ("application/openmetrics-text;q=0", Format::Prometheus),
            ("application/openmetrics-text;q=much", Format::Prometheus),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
                Format::OpenMetrics,
            ),
            (
                "text/html, Application/OpenMetrics-Text ; q=1",
                Format::OpenMetrics,
            ),
            ("application/openmetrics-texture", Format::Prometheus),
        ] {
            assert_eq!(format(&accepting(kinds)), expected, "{kinds}");
        }
        assert_eq!(format(&HeaderMap::new()), Format::Prometheus);
    }

    #[test]
    fn what_is_not_there_is_told_apart_from_what_is_not_done() {
        let find = |method: Method, path| find(&method, path, &HeaderMap::new());
        assert_eq!(find(Method::HEAD, "/healthz"), Ok(Page::Health));
        assert_eq!(find(Method::GET, "/nothing"), Err(Missing::NotFound));
        assert_eq!(find(Method::POST, "/nothing"), Err(Missing::NotFound));
        assert_eq!(find(Method::POST, "/metrics"), Err(Missing::WrongMethod));
    }
}
