// Preferences that a policy cannot set or need not lock. Policies are in policies.json.

// Nothing is sent or fetched that nobody asked for.
user_pref("app.normandy.enabled", false);
user_pref("app.shield.optoutstudies.enabled", false);
user_pref("browser.discovery.enabled", false);
user_pref("browser.newtabpage.activity-stream.feeds.section.topstories", false);
user_pref("browser.newtabpage.activity-stream.feeds.telemetry", false);
user_pref("browser.newtabpage.activity-stream.feeds.wallpaperfeed", false);
user_pref("browser.newtabpage.activity-stream.newtabWallpapers.enabled", false);
user_pref("browser.newtabpage.activity-stream.telemetry", false);
user_pref("browser.ping-centre.telemetry", false);
user_pref("browser.region.network.url", "");
user_pref("browser.region.update.enabled", false);
user_pref("browser.safebrowsing.provider.google4.updateURL", "");
user_pref("browser.safebrowsing.provider.google5.updateURL", "");
user_pref("browser.safebrowsing.provider.google.updateURL", "");
user_pref("browser.safebrowsing.provider.mozilla.updateURL", "");
user_pref("browser.search.update", false);
user_pref("browser.search.serpEventTelemetryCategorization.enabled", false);
user_pref("browser.topsites.contile.enabled", false);
user_pref("browser.topsites.useRemoteSetting", false);
user_pref("browser.urlbar.speculativeConnect.enabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("extensions.blocklist.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("extensions.systemAddon.update.enabled", false);
user_pref("extensions.systemAddon.update.url", "");
user_pref("geo.enabled", false);
user_pref("identity.fxaccounts.enabled", false);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.gmp-manager.url", "");
user_pref("media.gmp-provider.enabled", false);
user_pref("messaging-system.rsexperimentloader.enabled", false);
user_pref("nimbus.rollouts.enabled", false);
user_pref("nimbus.telemetry.targetingContextEnabled", false);
user_pref("privacy.trackingprotection.annotate_channels", false);
user_pref("privacy.trackingprotection.allow_list.baseline.enabled", false);
user_pref("security.remote_settings.crlite_filters.enabled", false);
user_pref("security.remote_settings.intermediates.enabled", false);
user_pref("signon.firefoxRelay.feature", "disabled");
user_pref("telemetry.fog.init_on_shutdown", false);
user_pref("toolkit.coverage.opt-out", true);
user_pref("toolkit.telemetry.bhrPing.enabled", false);
user_pref("toolkit.telemetry.firstShutdownPing.enabled", false);
user_pref("toolkit.telemetry.newProfilePing.enabled", false);
user_pref("toolkit.telemetry.server", "data:,");
user_pref("toolkit.telemetry.shutdownPingSender.enabled", false);
user_pref("toolkit.telemetry.unified", false);
user_pref("toolkit.telemetry.updatePing.enabled", false);

// It starts with the page and nothing beside it, also after a crash.
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.bookmarks.restore_default_bookmarks", false);
user_pref("browser.preonboarding.enabled", false);
user_pref("browser.sessionstore.interval", 3600000);
user_pref("browser.sessionstore.max_resumed_crashes", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.startup.couldRestoreSession.count", -1);
user_pref("browser.tabs.firefox-view.ui-state.opened", true);
user_pref("browser.uitour.enabled", false);
user_pref("browser.warnOnQuit", false);
user_pref("browser.tabs.warnOnClose", false);
user_pref("security.sandbox.warn_unprivileged_namespaces", false);
user_pref("startup.homepage_override_url", "");
user_pref("startup.homepage_welcome_url", "");
user_pref("startup.homepage_welcome_url.additional", "");
user_pref("toolkit.startup.max_resumed_crashes", -1);
user_pref("trailhead.firstrun.didSeeAboutWelcome", true);

// uBlock Origin comes from the system's extension folder and is not asked about. It has filter lists with it, and
// fetches newer ones soon after the start when those are old: the only traffic that nobody asked for, and wanted.
user_pref("extensions.autoDisableScopes", 0);
user_pref("extensions.enabledScopes", 15);
user_pref("extensions.startupScanScopes", 15);

// A browser that waits shows an empty page; the page of the room that takes it comes in its place, by the way of links from other programs,
// of which there are none.
user_pref("browser.link.open_newwindow.override.external", 1);

// Many people watch one screen: everything opens inside the window, and nothing is on it for one person's eyes.
user_pref("browser.download.alwaysOpenPanel", false);
user_pref("browser.download.always_ask_before_handling_new_types", false);
user_pref("dom.disable_window_move_resize", true);
user_pref("full-screen-api.transition-duration.enter", "0 0");
user_pref("full-screen-api.transition-duration.leave", "0 0");
user_pref("full-screen-api.warning.timeout", 0);
user_pref("network.protocol-handler.external-default", false);
user_pref("network.protocol-handler.warn-external-default", false);

// The most that a room may have; what is sent is paced by the agent. Firefox does not learn of another rate while it runs.
user_pref("layout.frame_rate", 60);

// What a page has painted goes to the screen at once and not at the next of Firefox's own frames. The compositor does so
// only while it waits for no frame: so it stops waiting after the first that it does not need, and a film's pictures
// come to it one by one when they are due, where a supply of them would have it look at every frame which is next.
user_pref("gfx.vsync.compositor.unobserve-count", -1);
user_pref("media.video-queue.send-to-compositor-size", 1);

// A click of the wheel is a twentieth of a notch, so that a trackpad scrolls finely: the agent turns a mouse's notch into
// twenty. Together they scroll as far as one does elsewhere, where the system's speed counts twice
// (mousewheel.system_scroll_override), which it does not for a multiplier of one's own. With a modifier, when a click is a
// step of the zoom or of the history, a click is a notch.
user_pref("mousewheel.default.delta_multiplier_x", 69);
user_pref("mousewheel.default.delta_multiplier_y", 10);

// Every change of the screen is encoded and sent: none without meaning, and a scroll in one step.
user_pref("general.smoothScroll", false);
user_pref("toolkit.cosmeticAnimations.enabled", false);
user_pref("ui.caretBlinkTime", 0);

// A film's sound is heard 52 ms after it is written, not 130; what a page makes itself after 20 ms (768 frames), not 31.
// With 512 frames it crackles five times as often on a machine with six times too much to do.
user_pref("media.cubeb_latency_mtg_frames", 768);
user_pref("media.cubeb_latency_playback_ms", 50);

// A private folder that may lie in memory, and nobody who reads the screen by AT-SPI.
user_pref("accessibility.force_disabled", 1);
user_pref("browser.cache.disk.enable", false);
user_pref("browser.pagethumbnails.capturing_disabled", true);
user_pref("media.hardware-video-decoding.enabled", false);
user_pref("widget.use-xdg-desktop-portal.file-picker", 0);
user_pref("widget.use-xdg-desktop-portal.settings", 0);
