//! The images of boards and flights: drawn one after the other, and kept for some seconds.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use flight::{BoardName, FlightKey};
use images::{Painter, ShareImage};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The fonts of the page.
const FONTS: [&[u8]; 2] = [
    include_bytes!(concat!(env!("OUT_DIR"), "/latin.ttf")),
    include_bytes!(concat!(env!("OUT_DIR"), "/latin-ext.ttf")),
];

/// Time for which an image is kept. It names its time, so it is never wrong.
pub(crate) const IMAGE_LIFETIME: Duration = Duration::from_secs(15);

/// Most images in memory. Each has less than 100 kB.
const MAX_IMAGES: usize = 64;

/// Most requests for images in the queue for the one thread that draws.
pub(crate) const MAX_WAITING_IMAGES: usize = 16;

/// A board, or one of its flights.
pub(crate) type ImageKey = (BoardName, Option<FlightKey>);

pub(crate) struct ImageStore {
    images: Mutex<HashMap<ImageKey, (Instant, Bytes)>>,
    waiting: Arc<Semaphore>,
    drawing: Arc<Semaphore>,
}

/// The image is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageError {
    /// Too many requests wait for images.
    Busy,
    /// It could not be drawn.
    Failed,
}

impl Default for ImageStore {
    fn default() -> Self {
        Self {
            images: Mutex::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING_IMAGES)),
            drawing: Arc::new(Semaphore::new(1)),
        }
    }
}

impl ImageStore {
    /// The image of `key`: a recent one, or the result of `draw` on a blocking thread.
    ///
    /// # Errors
    /// Too many requests wait already, or drawing failed.
    pub(crate) async fn image(
        self: &Arc<Self>,
        key: ImageKey,
        draw: impl FnOnce(&Painter) -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Bytes, ImageError> {
        if let Some(image) = self.recent(&key) {
            return Ok(image);
        }
        let waiting = Arc::clone(&self.waiting).try_acquire_owned();
        let waiting = waiting.map_err(|_| ImageError::Busy)?;
        let drawing = Arc::clone(&self.drawing).acquire_owned().await;
        let drawing = drawing.map_err(|_| ImageError::Busy)?;
        let store = Arc::clone(self);
        let drawn = tokio::task::spawn_blocking(move || {
            // Held until the end even if the client has gone.
            let _places = (waiting, drawing);
            let image = match store.recent(&key) {
                Some(image) => image,
                None => draw(painter())?.into(),
            };
            store.keep(key, image.clone());
            Some(image)
        });
        drawn.await.ok().flatten().ok_or(ImageError::Failed)
    }

    fn recent(&self, key: &ImageKey) -> Option<Bytes> {
        let images = self.images.lock();
        let (drawn_at, image) = images.get(key)?;
        (drawn_at.elapsed() < IMAGE_LIFETIME).then(|| image.clone())
    }

    fn keep(&self, key: ImageKey, image: Bytes) {
        let mut images = self.images.lock();
        images.retain(|_, (drawn_at, _)| drawn_at.elapsed() < IMAGE_LIFETIME);
        if images.len() < MAX_IMAGES {
            images.entry(key).or_insert((Instant::now(), image));
        }
    }
}

/// Draws an image; `None` if that fails.
pub(crate) fn png(painter: &Painter, image: &ShareImage<'_>) -> Option<Vec<u8>> {
    let png = painter.png(image);
    png.inspect_err(|error| tracing::warn!("cannot draw an image: {error}")).ok()
}

fn painter() -> &'static Painter {
    static PAINTER: LazyLock<Painter> = LazyLock::new(|| Painter::new(&FONTS));
    &PAINTER
}

#[cfg(test)]
mod tests {
    use images::{ImageRow, ImageRows};

    use super::*;

    fn row(place: &str) -> ImageRow {
        ImageRow {
            scheduled: "20:15".to_owned(),
            place: place.to_owned(),
            flight: "NH 106".to_owned(),
            airline: "ANA".to_owned(),
            exit: "B4".to_owned(),
            state: "boarding".to_owned(),
            ..ImageRow::default()
        }
    }

    /// The texts of an image in the fonts of the page.
    fn texts(title: &str, rows: ImageRows<'_>) -> Vec<String> {
        let (plain_title, as_of) = ("Departures, Tokyo", "20:00");
        let image = ShareImage { title, plain_title, as_of, exit_label: "Gate", rows };
        let svg = painter().svg(&image);
        let texts = svg.split("<text").skip(1).filter_map(|text| {
            let (_, text) = text.split_once('>')?;
            Some(text.split_once('<')?.0.to_owned())
        });
        texts.filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn images_have_whole_names() {
        for place in ["Malmö", "São Paulo", "Łódź", "Tekirdağ", "Rome ✈"] {
            let drawn = texts("Abflüge", ImageRows::Flight(&row(place)));
            let place = place.trim_end_matches(" ✈");
            assert!(drawn.contains(&place.to_owned()), "{place}: {drawn:?}");
            assert!(drawn.contains(&"NH 106  ANA".to_owned()), "{place}: {drawn:?}");
            assert!(drawn.contains(&"Abflüge".to_owned()), "{place}: {drawn:?}");
        }
    }

    #[test]
    fn numbers_stand_for_undrawable_names() {
        let marked = ["東京", "Tokyo 東京", "القاهرة", "Αθήνα 2", "กรุงเทพ", "Đà Nẵng"];
        for text in marked {
            let flight = texts(text, ImageRows::Flight(&row(text)));
            let expected = [
                "Departures, Tokyo",
                "As of 20:00",
                "NH 106",
                "ANA",
                "20:15",
                "Gate",
                "B4",
                "Boarding",
            ];
            assert_eq!(flight, expected, "{text}");
            let board = texts(text, ImageRows::Board(&[row(text)]));
            let expected =
                ["Departures, Tokyo", "As of 20:00", "20:15", "NH 106", "B4", "Boarding"];
            assert_eq!(board, expected, "{text}");
        }
    }

    #[test]
    fn undrawable_parts_are_left_out_whole() {
        let row = ImageRow {
            airline: "全日空 ANA".to_owned(),
            exit: "東4".to_owned(),
            state: "搭乗中 1".to_owned(),
            ..row("Rome")
        };
        let drawn = texts("Departures", ImageRows::Flight(&row));
        assert_eq!(drawn, ["Departures", "As of 20:00", "Rome", "NH 106", "20:15"]);
    }
}
