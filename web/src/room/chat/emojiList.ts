/** The emoji to choose from, by kind: each with its name, and further words after a bar that it is found by. */
export const emojiKinds = ['smileys', 'people', 'nature', 'food', 'fun', 'travel', 'things', 'symbols'] as const;

export type EmojiKind = (typeof emojiKinds)[number];

export interface Emoji {
  emoji: string;
  name: string;
  words: string;
}

const lists: Record<EmojiKind, string> = {
  smileys: `😀 grinning|smile happy
😃 big smile|happy
😄 smiling eyes|happy
😁 beaming|grin
😆 laughing|haha
😅 nervous laugh|sweat phew
🤣 rolling on the floor|rofl lol
😂 tears of joy|lol laugh
🙂 slight smile|ok
🙃 upside down|irony
🫠 melting|hot shame
😉 wink|joke
😊 blush|happy shy
😇 halo|angel innocent
🥰 hearts|love
😍 heart eyes|love wow
🤩 star eyes|wow
😘 kiss|love
😋 yum|tasty tongue
😛 tongue|silly
😜 winking tongue|silly joke
🤪 zany|crazy
🤑 money|rich
🤗 hug|thanks
🤭 giggle|oops
🫢 gasp|oops surprise
🤫 hush|quiet secret
🤔 thinking|hmm
🫡 salute|yes sir
🤐 zipped mouth|secret
🤨 raised eyebrow|doubt
😐 neutral|meh
😑 expressionless|meh
😶 no mouth|speechless
😏 smirk|sly
😒 unamused|meh
🙄 rolling eyes|whatever
😬 grimace|awkward
🤥 lying|nose
😌 relieved|calm
😔 pensive|sad
😪 sleepy|tired
🤤 drooling|tasty
😴 asleep|sleep zzz night
😷 mask|ill
🤒 thermometer|ill fever
🤕 bandage|hurt
🤢 nauseated|sick
🤮 vomiting|sick
🤧 sneezing|cold
🥵 hot|summer
🥶 freezing|cold winter
🥴 woozy|drunk
😵 dizzy|dead
🤯 mind blown|wow explode
🤠 cowboy|hat
🥳 party|birthday
🥸 disguise|spy
😎 cool|sunglasses
🤓 nerd|glasses
🧐 monocle|hmm
😕 confused|hm
😟 worried|fear
🙁 slight frown|sad
😮 open mouth|wow surprise
😯 hushed|surprise
😲 astonished|wow
😳 flushed|shame
🥺 pleading|please
🥹 moved|tears
😨 fearful|scared
😰 anxious|sweat
😢 crying|sad tear
😭 sobbing|sad cry
😱 screaming|horror fear
😖 confounded|ugh
😣 persevering|ugh
😞 disappointed|sad
😓 downcast|sweat
😩 weary|tired
😫 tired|ugh
🥱 yawning|tired bored
😤 huffing|proud angry
😡 angry|red mad
😠 cross|angry
🤬 swearing|angry
😈 little devil|evil
💀 skull|dead
💩 poo|shit
🤡 clown|joke
👻 ghost|boo halloween
👽 alien|space
🤖 robot|bot
😺 smiling cat|happy
😹 laughing cat|lol
😻 cat in love|love
🙀 shocked cat|horror
😿 crying cat|sad
🙈 see no evil|monkey
🙉 hear no evil|monkey
🙊 speak no evil|monkey`,
  people: `👋 wave|hello bye hi
🤚 back of hand|stop
✋ raised hand|stop five
🖖 vulcan|spock
👌 okay|perfect
🤌 pinched fingers|italian
✌️ victory|peace
🤞 crossed fingers|luck
🤟 love you|rock
🤘 horns|rock metal
🤙 call me|shaka
👈 left|point
👉 right|point
👆 up|point
👇 down|point
☝️ one|point
👍 thumbs up|yes good like
👎 thumbs down|no bad
✊ fist|power
👊 punch|fist bump
👏 clapping|applause bravo
🙌 raised hands|hooray
🫶 heart hands|love
👐 open hands|hug
🤲 palms up|please
🤝 handshake|deal
🙏 folded hands|thanks please
✍️ writing|pen
💅 nails|sassy
🤳 selfie|phone
💪 muscle|strong
👀 eyes|look watch
👁️ eye|look
👄 mouth|lips
🧠 brain|smart
👶 baby|child
🧒 child|kid
👩 woman|lady
👨 man|guy
🧓 older person|old
🤷 shrug|whatever
🤦 facepalm|oh no
🙋 raising hand|me question
🙅 no gesture|stop
🙆 ok gesture|yes
🧙 wizard|magic
🧛 vampire|dracula
🧟 zombie|horror
🧜 mermaid|sea
🦸 hero|super
🥷 ninja|secret
💃 dancing woman|dance
🕺 dancing man|dance
👪 family|parents`,
  nature: `🐶 dog|puppy
🐱 cat|kitten
🐭 mouse|animal
🐹 hamster|pet
🐰 rabbit|bunny
🦊 fox|animal
🐻 bear|animal
🐼 panda|bear
🐨 koala|bear
🐯 tiger|cat
🦁 lion|cat
🐮 cow|moo
🐷 pig|oink
🐸 frog|meme
🐵 monkey|ape
🐔 chicken|hen
🐧 penguin|bird
🐦 bird|tweet
🐤 chick|bird
🦆 duck|bird
🦉 owl|bird night
🦄 unicorn|magic
🐝 bee|honey
🦋 butterfly|insect
🐌 snail|slow
🐛 bug|insect
🐞 ladybird|insect
🐢 turtle|slow turtus
🐍 snake|reptile
🦖 dinosaur|rex
🐙 octopus|sea
🦀 crab|sea
🐟 fish|sea
🐬 dolphin|sea
🐳 whale|sea
🦈 shark|sea
🐘 elephant|animal
🐎 horse|animal
🌵 cactus|desert
🎄 christmas tree|xmas
🌲 evergreen|tree
🌴 palm|beach
🌱 seedling|plant
🍀 clover|luck
🌹 rose|flower love
🌸 blossom|flower spring
🌻 sunflower|flower
🍁 maple leaf|autumn
🌍 earth|world
🌙 moon|night
☀️ sun|weather
⭐ star|night
🌈 rainbow|pride
☁️ cloud|weather
⛈️ thunderstorm|weather
❄️ snowflake|winter
☃️ snowman|winter
🔥 fire|hot lit
💧 drop|water
🌊 wave of water|sea`,
  food: `🍎 apple|fruit
🍊 orange|fruit
🍋 lemon|fruit
🍌 banana|fruit
🍉 watermelon|fruit
🍇 grapes|fruit
🍓 strawberry|fruit
🍒 cherries|fruit
🍑 peach|fruit
🥭 mango|fruit
🍍 pineapple|fruit
🥥 coconut|fruit
🥑 avocado|green
🍅 tomato|vegetable
🥕 carrot|vegetable
🌽 corn|vegetable
🥔 potato|vegetable
🍞 bread|bakery
🥐 croissant|bakery
🥨 pretzel|bakery
🧀 cheese|food
🥚 egg|food
🥓 bacon|meat
🥞 pancakes|breakfast
🍗 chicken leg|meat
🍔 burger|fast food
🍟 fries|fast food
🍕 pizza|fast food
🌭 hot dog|fast food
🌮 taco|food
🥗 salad|green
🍝 spaghetti|pasta
🍜 noodles|ramen
🍣 sushi|fish
🍱 bento|lunch
🍚 rice|food
🍿 popcorn|cinema film
🍦 ice cream|sweet
🍩 doughnut|sweet
🍪 biscuit|cookie sweet
🎂 birthday cake|party
🍰 cake|sweet
🍫 chocolate|sweet
🍬 candy|sweet
☕ coffee|tea hot
🍵 green tea|drink
🥛 milk|drink
🍺 beer|drink
🍻 cheers|beer drink
🥂 glasses|cheers champagne
🍷 wine|drink
🍸 cocktail|drink
🧃 juice|drink
🧋 bubble tea|drink`,
  fun: `🎉 party popper|tada hooray
🎊 confetti|party
🎈 balloon|party
🎁 present|gift
🏆 trophy|win
🥇 gold medal|win first
🥈 silver medal|second
🥉 bronze medal|third
⚽ football|soccer
🏀 basketball|sport
🏈 american football|sport
⚾ baseball|sport
🎾 tennis|sport
🏐 volleyball|sport
🎱 billiards|pool
🏓 table tennis|ping pong
🥊 boxing|sport
⛳ golf|sport
🎣 fishing|sport
🎿 skis|winter
🏊 swimming|sport
🚴 cycling|bike
🎮 game controller|video game
🕹️ joystick|game
🎲 die|dice game
🧩 puzzle|game
♟️ chess|game
🎯 bullseye|dart
🎳 bowling|game
🎬 clapper board|film movie
🎥 film camera|movie
📺 television|tv watch
🎞️ film|movie
🎟️ ticket|cinema
🎭 theatre|masks
🎨 art|paint
🎤 microphone|sing karaoke
🎧 headphones|music
🎵 note|music
🎶 notes|music
🎹 piano|music
🥁 drum|music
🎸 guitar|music
🎺 trumpet|music
🎻 violin|music`,
  travel: `🚗 car|drive
🚕 taxi|drive
🚌 bus|drive
🚓 police car|drive
🚑 ambulance|help
🚒 fire engine|help
🚜 tractor|farm
🚲 bicycle|bike
🛵 scooter|drive
🏍️ motorcycle|drive
🚆 train|rail
🚇 underground|metro
✈️ aeroplane|fly
🚀 rocket|space launch
🛸 flying saucer|ufo
🚁 helicopter|fly
⛵ sailing boat|sea
🚢 ship|sea
🏠 house|home
🏡 garden house|home
🏢 office|work
🏥 hospital|help
🏫 school|learn
🏰 castle|old
⛪ church|old
🗼 tower|tokyo
🗽 statue of liberty|new york
⛺ tent|camping
🏖️ beach|holiday
🏔️ mountain|snow
🌋 volcano|mountain
🌃 night|city
🌅 sunrise|morning
🎡 ferris wheel|fair
🗺️ map|world
🧭 compass|way
⏰ alarm clock|time
⏳ hourglass|wait time
🌡️ thermometer|hot`,
  things: `📱 phone|mobile
💻 laptop|computer
⌨️ keyboard|computer
🖥️ screen|computer
🖱️ computer mouse|click
📷 camera|photo
🔋 battery|power
🔌 plug|power
💡 bulb|idea light
🔦 torch|light
🕯️ candle|light
📖 book|read
📚 books|read
📝 note|write
✏️ pencil|write
📌 pin|keep
📎 paper clip|attach
✂️ scissors|cut
🔑 key|lock
🔒 locked|lock
🔨 hammer|tool
🛠️ tools|repair
⚙️ gear|settings
🧲 magnet|pull
💊 pill|medicine
🧪 test tube|science
🔭 telescope|space
🛋️ sofa|couch
🛏️ bed|sleep
🚪 door|room
🛒 trolley|shop
💰 money bag|rich
💸 flying money|pay
💎 gem|diamond
👑 crown|king queen
👓 glasses|see
👟 shoe|run
👕 shirt|clothes
🧢 cap|hat
🎒 backpack|school
☂️ umbrella|rain
📣 megaphone|announce
🔔 bell|ring
🔇 muted|quiet
✉️ letter|mail
📦 parcel|box
🗑️ bin|trash
🧻 paper roll|toilet
💣 bomb|boom
🎃 pumpkin|halloween`,
  symbols: `❤️ red heart|love
🧡 orange heart|love
💛 yellow heart|love
💚 green heart|love
💙 blue heart|love
💜 purple heart|love
🖤 black heart|love
🤍 white heart|love
💔 broken heart|sad
💕 two hearts|love
💖 sparkling heart|love
💯 hundred|perfect
💢 anger|comic
💥 boom|explosion
💫 dizzy stars|comic
💦 drops|sweat
💨 dash|fast
💬 speech|talk
💭 thought|think
💤 zzz|sleep
✨ sparkles|shine new
⚡ lightning|fast power
✅ done|check yes
☑️ ticked|check
❌ cross|no wrong
⭕ circle|right
❗ exclamation|important
❓ question|what
⁉️ really|what
🚫 forbidden|no
⚠️ warning|careful
♻️ recycling|green
🆗 ok button|yes
🆒 cool button|nice
🆕 new button|fresh
🔴 red circle|live
🟢 green circle|go
🔵 blue circle|dot
▶️ play|start
⏸️ pause|wait
⏹️ stop|end
⏪ rewind|back
⏩ fast forward|skip
🔁 repeat|again
🔊 loud|sound
➕ plus|add
➖ minus|less
♾️ infinity|ever
🏁 chequered flag|finish
🏳️‍🌈 rainbow flag|pride`,
};

const read = (list: string): Emoji[] =>
  list.split('\n').map((line) => {
    const space = line.indexOf(' ');
    const [name = '', words = ''] = line.slice(space + 1).split('|');
    return { emoji: line.slice(0, space), name, words };
  });

export const emojiOf: Readonly<Record<EmojiKind, readonly Emoji[]>> = Object.fromEntries(emojiKinds.map((kind) => [kind, read(lists[kind])])) as Record<EmojiKind, Emoji[]>;

/** Those with a word that begins so; all words of what is sought must be found. */
export function findEmoji(sought: string): readonly Emoji[] {
  const parts = sought.toLowerCase().split(/\s+/).filter(Boolean);
  return emojiKinds.flatMap((kind) => emojiOf[kind]).filter(({ name, words }) => parts.every((part) => `${name} ${words}`.split(' ').some((word) => word.startsWith(part))));
}
