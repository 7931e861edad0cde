//! Icons of Phosphor (regular weight), 16 px, always with a text or a tooltip. Their code points are
//! those of the published font, moved to plane 16 (see `icon_font`).

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $icon:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $icon;)*

        /// Every icon with its name, for tests.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

icons! {
    /// Folder.
    FOLDER = "\u{10E24A}";
    /// Folder open.
    FOLDER_OPEN = "\u{10E256}";
    /// Folder plus.
    FOLDER_PLUS = "\u{10E258}";
    /// File.
    FILE = "\u{10E230}";
    /// File text.
    FILE_TEXT = "\u{10E23A}";
    /// File plus.
    FILE_PLUS = "\u{10E236}";
    /// Key.
    KEY = "\u{10E2D6}";
    /// Lock.
    LOCK = "\u{10E2FA}";
    /// Lock open.
    LOCK_OPEN = "\u{10E306}";
    /// Crown.
    CROWN = "\u{10E614}";
    /// Crown simple.
    CROWN_SIMPLE = "\u{10E616}";
    /// Users.
    USERS = "\u{10E4D6}";
    /// User.
    USER = "\u{10E4C2}";
    /// Clock.
    CLOCK = "\u{10E19A}";
    /// Clock counter clockwise.
    CLOCK_COUNTER_CLOCKWISE = "\u{10E1A0}";
    /// Pencil.
    PENCIL = "\u{10E3AE}";
    /// Pencil simple.
    PENCIL_SIMPLE = "\u{10E3B4}";
    /// Trash.
    TRASH = "\u{10E4A6}";
    /// Copy.
    COPY = "\u{10E1CA}";
    /// Clipboard.
    CLIPBOARD = "\u{10E196}";
    /// Plus.
    PLUS = "\u{10E3D4}";
    /// Minus.
    MINUS = "\u{10E32A}";
    /// Plus circle.
    PLUS_CIRCLE = "\u{10E3D6}";
    /// Minus circle.
    MINUS_CIRCLE = "\u{10E32C}";
    /// X.
    X = "\u{10E4F6}";
    /// Check.
    CHECK = "\u{10E182}";
    /// Warning.
    WARNING = "\u{10E4E0}";
    /// Warning circle.
    WARNING_CIRCLE = "\u{10E4E2}";
    /// Info.
    INFO = "\u{10E2CE}";
    /// Question.
    QUESTION = "\u{10E3E8}";
    /// Magnifying glass.
    MAGNIFYING_GLASS = "\u{10E30C}";
    /// Funnel.
    FUNNEL = "\u{10E266}";
    /// Star.
    STAR = "\u{10E46A}";
    /// Arrow left.
    ARROW_LEFT = "\u{10E058}";
    /// Arrow right.
    ARROW_RIGHT = "\u{10E06C}";
    /// Arrow up.
    ARROW_UP = "\u{10E08E}";
    /// Arrow down.
    ARROW_DOWN = "\u{10E03E}";
    /// Arrow line down.
    ARROW_LINE_DOWN = "\u{10E05C}";
    /// Arrows left right.
    ARROWS_LEFT_RIGHT = "\u{10E0A0}";
    /// Caret left.
    CARET_LEFT = "\u{10E138}";
    /// Caret right.
    CARET_RIGHT = "\u{10E13A}";
    /// Caret up.
    CARET_UP = "\u{10E13C}";
    /// Caret down.
    CARET_DOWN = "\u{10E136}";
    /// Caret up down.
    CARET_UP_DOWN = "\u{10E140}";
    /// Dots three.
    DOTS_THREE = "\u{10E1FE}";
    /// Dots three vertical.
    DOTS_THREE_VERTICAL = "\u{10E208}";
    /// Gear.
    GEAR = "\u{10E270}";
    /// Sliders.
    SLIDERS = "\u{10E432}";
    /// Sun.
    SUN = "\u{10E472}";
    /// Moon.
    MOON = "\u{10E330}";
    /// Circle half.
    CIRCLE_HALF = "\u{10E18C}";
    /// Desktop.
    DESKTOP = "\u{10E560}";
    /// Translate.
    TRANSLATE = "\u{10E4A2}";
    /// Plug.
    PLUG = "\u{10E946}";
    /// Plugs.
    PLUGS = "\u{10EB56}";
    /// Plugs connected.
    PLUGS_CONNECTED = "\u{10EB5A}";
    /// Database.
    DATABASE = "\u{10E1DE}";
    /// Hard drives.
    HARD_DRIVES = "\u{10E2A0}";
    /// Tree structure.
    TREE_STRUCTURE = "\u{10E67C}";
    /// Tree view.
    TREE_VIEW = "\u{10EE48}";
    /// List.
    LIST = "\u{10E2F0}";
    /// List bullets.
    LIST_BULLETS = "\u{10E2F2}";
    /// Rows.
    ROWS = "\u{10E5A2}";
    /// Columns.
    COLUMNS = "\u{10E546}";
    /// Sidebar simple.
    SIDEBAR_SIMPLE = "\u{10EC24}";
    /// Eye.
    EYE = "\u{10E220}";
    /// Eye slash.
    EYE_SLASH = "\u{10E224}";
    /// Shield.
    SHIELD = "\u{10E40A}";
    /// Shield check.
    SHIELD_CHECK = "\u{10E40C}";
    /// Shield warning.
    SHIELD_WARNING = "\u{10E412}";
    /// Certificate.
    CERTIFICATE = "\u{10E766}";
    /// Fingerprint.
    FINGERPRINT = "\u{10E23E}";
    /// Floppy disk.
    FLOPPY_DISK = "\u{10E248}";
    /// Download simple.
    DOWNLOAD_SIMPLE = "\u{10E20C}";
    /// Upload simple.
    UPLOAD_SIMPLE = "\u{10E4C0}";
    /// Export.
    EXPORT = "\u{10EAF0}";
    /// Arrows clockwise.
    ARROWS_CLOCKWISE = "\u{10E094}";
    /// Arrow clockwise.
    ARROW_CLOCKWISE = "\u{10E036}";
    /// Arrow counter clockwise.
    ARROW_COUNTER_CLOCKWISE = "\u{10E038}";
    /// Arrow u up left.
    ARROW_U_UP_LEFT = "\u{10E08A}";
    /// Git diff.
    GIT_DIFF = "\u{10E27C}";
    /// Git merge.
    GIT_MERGE = "\u{10E280}";
    /// Git commit.
    GIT_COMMIT = "\u{10E27A}";
    /// X circle.
    X_CIRCLE = "\u{10E4F8}";
    /// Check circle.
    CHECK_CIRCLE = "\u{10E184}";
    /// Spinner.
    SPINNER = "\u{10E66A}";
    /// Hourglass.
    HOURGLASS = "\u{10E2B2}";
    /// Hourglass medium.
    HOURGLASS_MEDIUM = "\u{10E2B8}";
    /// Timer.
    TIMER = "\u{10E492}";
    /// Lightning.
    LIGHTNING = "\u{10E2DE}";
    /// Command.
    COMMAND = "\u{10E1C4}";
    /// Keyboard.
    KEYBOARD = "\u{10E2D8}";
    /// Brackets curly.
    BRACKETS_CURLY = "\u{10E860}";
    /// Code.
    CODE = "\u{10E1BC}";
    /// Text indent.
    TEXT_INDENT = "\u{10EA1E}";
    /// Text t.
    TEXT_T = "\u{10E48A}";
    /// Text aa.
    TEXT_AA = "\u{10E6EE}";
    /// Cursor text.
    CURSOR_TEXT = "\u{10E7D8}";
    /// Terminal window.
    TERMINAL_WINDOW = "\u{10EAE8}";
    /// Play.
    PLAY = "\u{10E3D0}";
    /// Pause.
    PAUSE = "\u{10E39E}";
    /// Stop.
    STOP = "\u{10E46C}";
    /// Circle.
    CIRCLE = "\u{10E18A}";
    /// Circle dashed.
    CIRCLE_DASHED = "\u{10E602}";
    /// Diamond.
    DIAMOND = "\u{10E1EC}";
    /// Square.
    SQUARE = "\u{10E45E}";
    /// Pulse.
    PULSE = "\u{10E000}";
    /// Chart line.
    CHART_LINE = "\u{10E154}";
    /// Gauge.
    GAUGE = "\u{10E628}";
    /// Globe.
    GLOBE = "\u{10E288}";
    /// Wifi slash.
    WIFI_SLASH = "\u{10E4F2}";
    /// Cloud slash.
    CLOUD_SLASH = "\u{10E1B6}";
    /// Link.
    LINK = "\u{10E2E2}";
    /// Link break.
    LINK_BREAK = "\u{10E2E4}";
    /// Prohibit.
    PROHIBIT = "\u{10E3DE}";
    /// Bell.
    BELL = "\u{10E0CE}";
    /// Sign out.
    SIGN_OUT = "\u{10E42A}";
    /// Path.
    PATH = "\u{10E39C}";
    /// Flask.
    FLASK = "\u{10E79E}";
    /// Rocket launch.
    ROCKET_LAUNCH = "\u{10E3FE}";
    /// House.
    HOUSE = "\u{10E2C2}";
    /// Hash.
    HASH = "\u{10E2A2}";
    /// Tag.
    TAG = "\u{10E478}";
    /// Corners out.
    CORNERS_OUT = "\u{10E1D0}";
    /// Swap.
    SWAP = "\u{10E83C}";
    /// Queue.
    QUEUE = "\u{10E6AC}";
    /// Heartbeat.
    HEARTBEAT = "\u{10E2AC}";
}
