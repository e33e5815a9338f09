//! Listeners: they word events and reports, and know nothing of SSH.
