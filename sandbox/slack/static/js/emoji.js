// The emoji that Casefile and the sample tickets write by name.

const EMOJI = {
  arrow_right: "➡️", bell: "🔔", bug: "🐞", bulb: "💡", chart_with_upwards_trend: "📈", clapper: "🎬", clock3: "🕒",
  computer: "💻", desktop_computer: "🖥️", email: "✉️", envelope: "✉️", eyes: "👀", file_folder: "📁", fire: "🔥",
  gear: "⚙️", globe_with_meridians: "🌐", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️",
  iphone: "📱", key: "🔑", large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠",
  large_red_circle: "🔴", large_yellow_circle: "🟡", link: "🔗", lock: "🔒", mag: "🔍", memo: "📝", movie_camera: "🎥",
  speech_balloon: "💬", white_small_square: "▫️", house: "🏠", bust_in_silhouette: "👤", no_entry: "⛔", no_entry_sign: "🚫", red_circle: "🔴", rotating_light: "🚨", round_pushpin: "📍", ticket: "🎫",
  tv: "📺", video_camera: "📹", warning: "⚠️", wave: "👋", white_check_mark: "✅", white_circle: "⚪", x: "❌", zap: "⚡",
};

export function emojis(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}
