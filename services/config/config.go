// Package config reads the settings of the server from its environment.
//
// Every setting is one field of Config; its tags say its name without the prefix TURTUS_, its default, what is allowed and what it
// is for, and the help text and .env.example are made of them. An empty variable is the same as none. A wrong or unknown one stops the start,
// all of them named at once; one that an earlier release allowed is brought to the nearest that is allowed now, so that an update starts. This package knows nothing else of the project.
package config

import (
	"log/slog"
	"time"
)

// Config holds every setting, checked. See the doc tags for meanings.
type Config struct {
	Addr      string `env:"ADDR" default:"localhost:8080" kind:"address" doc:"Address the server listens on for plain HTTP, host:port. An empty host (\":8080\") means every interface. Where HTTPS ends here it is for this machine alone, so leave it."`
	PublicURL string `env:"PUBLIC_URL" kind:"origin" doc:"Address people open, such as https://watch.example.org: for invite links and the Origin check. Empty: taken from each request."`
	// Domain has the main name first.
	Domain  []string `env:"DOMAIN" kind:"domains" doc:"Name of this server on the Internet, such as watch.example.org, or several, the main one first. It then serves HTTPS on its own, with a certificate that it gets and renews by itself (ACME), and TURTUS_PUBLIC_URL is https:// and the main name. localhost: there is none, and this computer alone is served; lan: there is none, and a network at home is, as by TURTUS_TLS=self-signed."`
	TLS     string   `env:"TLS" default:"auto" oneof:"auto off self-signed" doc:"Where HTTPS ends: auto here, where there is a TURTUS_DOMAIN or TURTUS_TLS_CERT; off at a reverse proxy in front; self-signed here, with a certificate for a network without a domain (turtus cert says how devices come to trust it)."`
	TLSCert string   `env:"TLS_CERT" kind:"path" doc:"PEM file of a certificate of your own, with its chain, in place of ACME. It is read again when it changes."`
	TLSKey  string   `env:"TLS_KEY" kind:"path" doc:"PEM file of the key of TURTUS_TLS_CERT."`
	HSTS    string   `env:"HSTS" default:"auto" oneof:"auto on off" doc:"Whether browsers are to remember for half a year that this server speaks HTTPS alone: auto with a certificate by ACME from a public authority. on is for one of TURTUS_TLS_CERT that browsers trust."`
	// HTTPAddr is empty where nothing listens.
	HTTPSAddr     string `env:"HTTPS_ADDR" default:":443" kind:"address" doc:"Address of HTTPS, host:port, where it ends here. TURN over TLS is on the same port."`
	HTTPAddr      string `env:"HTTP_ADDR" default:":80" kind:"address or off" doc:"Address of plain HTTP, where HTTPS ends here: it leads to HTTPS, and ACME asks there for its proof."`
	ACMEEmail     string `env:"ACME_EMAIL" kind:"email" doc:"Address that the ACME authority may write to."`
	ACMEDirectory string `env:"ACME_DIRECTORY" kind:"directory" doc:"Directory of the ACME authority. Empty: Let's Encrypt."`
	ACMERoot      string `env:"ACME_ROOT" kind:"path" doc:"PEM file of the root that a private ACME authority's own address has its certificate from."`

	// AllowedOrigins are further origins beside the own one, scheme://host[:port], lower case.
	AllowedOrigins []string `env:"ALLOWED_ORIGINS" kind:"origins" doc:"Further web origins that may use the API and the WebSocket, separated by commas."`

	// TrustedProxies are networks; an address alone is one of its own.
	TrustedProxies Networks `env:"TRUSTED_PROXIES" doc:"Reverse proxies in front of the server. What they say about a client's address by X-Forwarded-For or Forwarded is believed, and limits of requests go by it; what anybody else says is not. Each must add the address that it sees to the one header, or set it, and take the other out: what it hands on untouched, a client wrote itself. Empty: none; with TURTUS_DOMAIN and TURTUS_TLS=off those on this machine."`

	DataDir     string `env:"DATA_DIR" kind:"path" shown:"(/var/lib/turtus for root, else ~/.local/share/turtus)" doc:"Folder of everything the server keeps."`
	DatabaseURL string `env:"DATABASE_URL" kind:"database" secret:"true" doc:"PostgreSQL to use (postgres://user:password@host/database). Empty: a private one in the data folder."`
	PostgresBin string `env:"POSTGRES_BIN" kind:"path" doc:"Folder of the programs postgres and initdb for the private PostgreSQL. Empty: the newest in /usr/lib/postgresql, then PATH."`
	RunAs       string `env:"RUN_AS" doc:"User that PostgreSQL and the browsers run as when the server is root. Empty: postgres for the database; turtus-browser where it exists, else nobody, for the browsers."`

	BackupDir  string `env:"BACKUP_DIR" kind:"path" shown:"(backups in TURTUS_DATA_DIR)" doc:"Folder of the nightly backups, and of those by turtus backup. One on another disk survives the loss of this one."`
	BackupHour int    `env:"BACKUP_HOUR" default:"3" min:"0" max:"23" doc:"Hour of the day after which the nightly backup is made, in the time zone of the server (TZ). One that was missed is made up for after the next start."`
	BackupKeep int    `env:"BACKUP_KEEP" default:"14" min:"0" max:"1000" doc:"How many nightly backups are kept; older ones are removed. 0 makes none."`

	Launcher             string    `env:"LAUNCHER" default:"auto" oneof:"auto docker process" doc:"What runs the browsers: docker in containers, process as local processes with no isolation. auto takes containers where Docker answers and has the image or a registry to get it from, else processes; on a server that others reach, it never goes back from containers to processes by itself."`
	BrowserImage         string    `env:"BROWSER_IMAGE" default:"turtus-browser" kind:"image" doc:"Image of the browsers' containers. A name without a slash is one that was built on this machine; any other is pulled where it is missing."`
	BrowserMemory        int       `env:"BROWSER_MEMORY" default:"2048" min:"512" max:"262144" doc:"Most memory of a browser's container, in MB. It gets no swap besides, and its files are kept in it too."`
	BrowserShared        int       `env:"BROWSER_SHM" default:"256" min:"64" max:"65536" doc:"How much of that may be shared memory (/dev/shm), in MB."`
	BrowserCPUs          CPUs      `env:"BROWSER_CPUS" default:"2" doc:"Most processors that a browser's container keeps busy; no more than there are."`
	BrowserProcesses     int       `env:"BROWSER_PROCESSES" default:"2000" min:"300" max:"100000" doc:"Most processes and threads in a browser's container. Firefox takes some hundreds."`
	BrowserDNS           []string  `env:"BROWSER_DNS" kind:"resolvers" shown:"(the machine's own; 9.9.9.9 and 1.1.1.1 where those are of its loopback network alone)" doc:"Name servers that browsers in containers ask, and the only ones that they can, separated by commas."`
	AgentSocket          string    `env:"AGENT_SOCKET" kind:"path" shown:"(agents/hub.sock in the data folder)" doc:"Unix socket by which browsers in containers reach the server. Its folder is mounted into them, read-only, and should hold nothing else."`
	AgentVolume          string    `env:"AGENT_VOLUME" kind:"volume" doc:"That folder as Docker knows it, where the server is in a container itself: the name of a volume, or a path of Docker's machine. Empty: the folder's own path."`
	LauncherSocket       string    `env:"LAUNCHER_SOCKET" kind:"path" doc:"Unix socket of turtus launcher, a process of its own that starts the browsers, so that the server needs no right to (as under Docker Compose). The launcher listens there, the server calls it. Empty: the server starts browsers itself."`
	LauncherGroup        string    `env:"LAUNCHER_GROUP" doc:"Group, by name or number, whose members may use TURTUS_LAUNCHER_SOCKET besides root and the launcher's own user: the server's."`
	Agent                string    `env:"AGENT" kind:"path" doc:"Path of the program turtus-agent. Empty: beside the server's own program."`
	MaxBrowsers          int       `env:"MAX_BROWSERS" default:"4" min:"0" max:"1000" doc:"Most browsers running at once on this server."`
	MaxBrowsersPerPerson int       `env:"MAX_BROWSERS_PER_PERSON" default:"1" min:"0" max:"1000" doc:"Most browsers running at once for one person's rooms."`
	WarmBrowsers         int       `env:"WARM_BROWSERS" default:"1" min:"0" max:"16" doc:"Browsers kept ready for the next rooms, which then open at once. Each takes some 400 MB and no processor; fewer are kept where memory is short or TURTUS_MAX_BROWSERS leaves no place. 0: none."`
	MediaPorts           PortRange `env:"MEDIA_PORTS" doc:"Ports of the browsers' media, such as 52000-52100, to open in the firewall for UDP and TCP. Empty: any free UDP port."`
	MediaTCP             string    `env:"MEDIA_TCP" default:"on" oneof:"on off" doc:"Whether TURTUS_MEDIA_PORTS are open over TCP too, for people whose network lets no UDP through. Where no range is named, none are."`
	RelayPort            int       `env:"RELAY_PORT" default:"3478" min:"0" max:"65535" doc:"UDP and TCP port of the built-in STUN and TURN relay, for people whose network reaches no browser directly. Open both in the firewall; no other port is needed besides the server's own. 0 turns it off."`
	RelayBandwidth       int       `env:"RELAY_BANDWIDTH" default:"50" min:"1" max:"10000" doc:"Most that the relay carries for one person's page, in Mbit/s each way."`
	CallPath             string    `env:"CALL_PATH" default:"direct" oneof:"direct relay" doc:"How friends' voices, cameras and shared screens go: direct from page to page, so that friends may learn each other's address, and by the relay where that fails; or by the relay alone in every room, which costs the server their traffic. With direct, a room's owner may choose the relay for the room."`
	PublicAddress        string    `env:"PUBLIC_ADDRESS" kind:"host" doc:"Name or address under which people reach the relay's port. Empty: the one that they open, which is right unless a proxy on another machine stands there."`
	// ICEServers are handed to pages and agents, besides the relay.
	ICEServers ICEServers `env:"ICE_SERVERS" secret:"true" doc:"STUN and TURN servers besides the relay, or instead of it with TURTUS_RELAY_PORT=0: a JSON list of RTCIceServer, such as [{\"urls\":\"stun:stun.example.org\"}]. A TURN server with a shared secret, as coturn's static-auth-secret, takes \"secret\" in place of username and credential."`
	StartURL   string     `env:"START_URL" kind:"url" doc:"Page a room's browser opens first where the room names none."`
	Width      int        `env:"WIDTH" default:"1280" min:"320" max:"1920" oncemax:"3840" multiple:"2" doc:"Width of a browser's screen in pixels, in rooms that choose none."`
	Height     int        `env:"HEIGHT" default:"720" min:"240" max:"1080" oncemax:"2160" multiple:"2" doc:"Height of a browser's screen in pixels, in rooms that choose none."`
	FrameRate  int        `env:"FRAME_RATE" default:"30" min:"5" oncemin:"1" max:"60" doc:"Most pictures per second, in rooms that choose no screen."`

	MaxRoomsPerPerson int           `env:"MAX_ROOMS_PER_PERSON" default:"20" min:"1" max:"10000" doc:"Most rooms one person may own."`
	RoomSize          int           `env:"ROOM_SIZE" default:"50" min:"1" max:"1000" doc:"Most people in one room at once."`
	ViewerTimeout     time.Duration `env:"VIEWER_TIMEOUT" default:"60s" min:"1s" max:"24h" doc:"How long a browser goes on with nobody watching."`
	SessionLength     time.Duration `env:"SESSION_LENGTH" default:"0s" min:"0s" max:"8760h" doc:"How long a browser may run, watched or not. The room is told some minutes before the end, and whoever may start the browser may put it off by the same length again. 0: without end."`
	SessionExtensions int           `env:"SESSION_EXTENSIONS" default:"3" min:"0" max:"1000" doc:"How often the end of one browser may be put off, where TURTUS_SESSION_LENGTH sets one."`
	SignalTimeout     time.Duration `env:"SIGNAL_TIMEOUT" default:"60s" min:"1s" max:"24h" doc:"How long a browser waits for a server that went away."`
	ControlIdle       time.Duration `env:"CONTROL_IDLE" default:"3m" min:"1s" max:"24h" doc:"How long somebody may hold control without using it."`

	SignUps         string        `env:"SIGN_UPS" default:"open" oneof:"open invite closed" doc:"Who may sign up: anybody, those who have a code of the administrator's, nobody. An administrator can change that while the server runs. The first person always may, and becomes the administrator; where others can reach the server, by the link in its log."`
	AccessTokenLife time.Duration `env:"ACCESS_TOKEN_LIFE" default:"15m" min:"1m" max:"24h" doc:"Life of an access token."`
	SessionLife     time.Duration `env:"SESSION_LIFE" default:"30d" min:"1h" max:"3650d" doc:"Life of a sign-in that is not used."`

	LogLevel      slog.Level    `env:"LOG_LEVEL" default:"info" oneof:"debug info warn error" doc:"Least important message to log."`
	LogFormat     string        `env:"LOG_FORMAT" default:"text" oneof:"text json" doc:"Form of the log."`
	ShutdownGrace time.Duration `env:"SHUTDOWN_GRACE" default:"10s" min:"0s" max:"10m" doc:"How long an orderly end may take."`

	// Adjusted names what an earlier release allowed and this one doesn't, and what is taken in its place. It is no setting.
	Adjusted []Problem
}
