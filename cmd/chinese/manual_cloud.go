package chinese

// cloudManuals are the helps of lamppost-cloud, by the command's path.
var cloudManuals = map[string]manual{
	"lamppost-cloud": {"平台：接收网关数据，保存并展示", `lamppost-cloud 是全市 Lamppost 网关的汇聚平台。没有配置时所需的一切都已内置：
消息服务器、存储、数据库、控制台。

退出码：0 完成或被信号停止；1 失败；2 用法错误；3 配置无效，或文件有误或不存在；
4 平台没有应答，或消息服务器不支持所需功能；6 端口或数据被占用；7 没有权限；8 存储故障。`},
	"lamppost-cloud version": {"显示版本", ""},
	"lamppost-cloud check":   {"检查配置，不改动任何内容", "check 读取配置，列出全部错误及所在行。文件也可写成 --config 文件，与其他命令相同。有错误时退出码为 3。"},
	"lamppost-cloud serve": {"运行平台，直到停止", `serve 运行平台，直到 Ctrl-C 或 SIGTERM。全部开始监听后，在标准输出写两行，
即控制台和消息服务器的地址：

  console http://127.0.0.1:8080
  mqtt mqtt://127.0.0.1:1883

没有 --config 时一切内置，只监听回环地址，数据在 ./lamppost-cloud-data。日志写到标准错误。
配置中有 accounts 时，首次启动在这两行之前另写一行 "account admin PASSWORD"：
该口令只显示这一次，首次登录时必须修改。

配置只在启动时读取；收到 SIGHUP 时不作改动，只记入日志。`},
	"lamppost-cloud reset-account": {"在本机为账号设置新口令", `reset-account 为账号设置新口令并显示这一次，下次登录时必须修改；同时启用该账号，结束其全部登录。
它直接读写数据目录，平台运行时也可使用，并记入审计日志。用于再也无人能登录的情况：
平时由控制台的管理员完成。`},
	"lamppost-cloud check-audit": {"通读审计日志，检查是否被篡改", `check-audit 通读数据目录中的审计日志，并与旁边保存的锚点以及给出的锚点比较：
后者是抄到别的机器上的 audit.anchors 的行，或取自平台日志。被改动、删除或插入的行会指明，
退出码为 1。整个重写的日志只有别处保存的锚点才能发现。`},
	"lamppost-cloud key": {"显示签署网关命令的公钥", `key 显示本平台的公钥。网关的配置中写有该公钥时，才接受平台的命令：

  uplink:
    commands:
      center: {key: "...", may: [rewind, acknowledge, read, still]}

密钥在平台首次启动时生成，位于其数据目录。`},
	"lamppost-cloud acknowledge": {"确认已有人看到告警，并停止警笛", `acknowledge 记下谁看到了告警，并通知该告警的网关，由网关断开发声的输出（audible: true 的输出）。
告警仍然有效。网关的配置须把 acknowledge 授权给 "lamppost-cloud key" 显示的公钥。`},
	"lamppost-cloud read": {"让网关立即采集一台设备", `read 请求网关并显示答复。读数照常上传，并显示在控制台。
网关的配置须把 read 授权给 "lamppost-cloud key" 显示的公钥。`},
	"lamppost-cloud still": {"让摄像机立即拍照", `still 请求网关并显示答复。照片传到后显示在控制台；输出其编号，以及是否在等待网关的流量预算。
网关的配置须把 still 授权给 "lamppost-cloud key" 显示的公钥。`},
	"lamppost-cloud switch": {"控制网关的输出", `switch 让网关接通输出，持续 --for 或允许的最长时间；或断开，并在 --for 期间保持断开。
联锁和限制照常有效。要求发出 30 秒之后不再动作。网关的配置须把该输出的 actuate 授权给
"lamppost-cloud key" 显示的公钥。`},
	"lamppost-cloud rewind": {"让网关重新发送仍保留的数据", `rewind 让网关重新发送数据缓存中某一时刻起仍保留的记录：用于存储由备份恢复、缺少其后数据时。
已有的数据不会重复。

运行中的平台保存该请求并反复发送，直到各网关答复，最多七天；目前离线的网关上线后会收到。
"lamppost-cloud commands 编号" 显示结果。网关的配置须把 rewind 授权给 "lamppost-cloud key" 显示的公钥。

时间可以是时刻（2026-11-22T08:00:00+08:00）、日期（2026-11-22，本地零点起）、多久以前（36h），或 "everything"。`},
	"lamppost-cloud commands": {"列出要求网关做的事及结果", ""},
	"lamppost-cloud areas":    {"导入和列出城市区划", `areas 管理区划树：市、区县、街道、社区和单元网格。`},
	"lamppost-cloud areas import": {"导入区划表（CSV）或边界（GeoJSON）", `import 把文件发送给运行中的平台，由平台整体导入；有错误则一项也不导入。导入后列出变更。
再次导入同一文件不会有变化，文件未提及的区域保持不变。--dry-run 只列出将会发生的变更。

CSV 首行为列名：code、name、name_en、parent、replaces、since（代码、名称、英文名称、上级代码、
原代码、启用日期）。GeoJSON 为多边形的 FeatureCollection，属性名相同。编码自动识别。
坐标为 WGS-84 或 CGCS2000；来自街道地图的 GCJ-02 坐标用 --crs gcj02 转换。`},
	"lamppost-cloud areas list": {"列出区划及其中的设备", `list 列出该代码之下或全部区域，以及各区域的设备数、在线设备数、有效告警、未办结案件和其中的最高级别。`},
	"lamppost-cloud map":        {"导入、列出和删除地图上的河流、水面、道路和铁路", `map 管理地图上位于区域和网关之下的内容。它由图层组成，每个图层来自一个文件。`},
	"lamppost-cloud map import": {"导入河流、水面、道路和铁路（GeoJSON）", `import 把文件发送给运行中的平台，由平台整体导入；有错误则一项也不导入。图层以文件名命名，
或由 --layer 指定，并替换同名的旧图层。再次导入同一文件不会有变化。

线和面按属性 kind 分为 motorway（高速路）、main（主干道）、street（道路）、path（小路）、rail（铁路）、
river（河流）、stream（溪渠）和 water（水面）；来自 OpenStreetMap 的文件无需改动，不属于地图的要素略去并计数。
坐标为 WGS-84 或 CGCS2000；来自街道地图的 GCJ-02 坐标用 --crs gcj02 转换。`},
	"lamppost-cloud map list":   {"列出地图的图层", `list 列出地图的图层及其内容、点数和文件。`},
	"lamppost-cloud map remove": {"删除地图的图层", `remove 从地图上删除图层。其文件可以再次导入。`},
}

// simManuals are the helps of lamppost-sim, by the command's path.
var simManuals = map[string]manual{
	"lamppost-sim": {"模拟街区：传感器、事件和真值", `lamppost-sim 在模拟街区中播放场景：一条接三台 Modbus 从机的 RS-485 线路、一台 Modbus TCP 仪表、
独占串口的颗粒物传感器和测距仪，以及河边的摄像机。

退出码：0 完成或被信号停止；1 线路故障；2 用法错误；3 场景无效；6 目录被另一个模拟器占用；
7 没有权限；8 存储故障。`},
	"lamppost-sim version": {"显示版本", ""},
	"lamppost-sim list":    {"列出场景，以及可单独模拟的器件", ""},
	"lamppost-sim run": {"播放场景，直到停止", `run 播放场景，直到 Ctrl-C、SIGTERM 或 --duration。它在目录中写入：gateway.yaml，lamppost 可直接使用的配置；
truth.jsonl，经线路发出的每个数值一行；dev/，指向各串口的链接。所有设备都能应答后输出一行 "ready"。

场景可以是 lamppost-sim list 列出的名称，或 .yaml 文件的路径。--street full 没有场景：
lamppost-sim list 列出的每种器件各一。`},
	"lamppost-sim part": {"单独模拟一个器件：在串口、TCP 端口或试验台总线上", `part 模拟 lamppost-sim list 列出的一个器件，可以读取时输出 "ready"。
各测点保持在 lamppost-sim part 编号 所列的数值，或设定的数值：

  temp=-12.5       该数值，单位与网关存储的相同
  temp=-12.5~2     缓慢变化，上下最多 2
  temp=missing     器件没有该数值时发送的内容

--fault 可写一次或多次，从一开始就有效：silent、noise（noise:0.3 损坏十分之三的帧）、garbage、frozen、
slow（slow:400ms）、unplug，或 lamppost-sim list 列出的器件自身状态。

播放到 Ctrl-C、SIGTERM 或 --duration 为止。`},
	"lamppost-sim play": {"在单独的串口上模拟一个器件，内容取自样例帧或型号文件", `play 建立串口，器件在其上发送文件中的内容：

  *.frame  驱动的样例帧。有 "asks" 的应答该请求，其他的依次反复发送。
  *.yaml   Modbus 型号文件：寄存器内容取自第一组样例的从机。

播放到 Ctrl-C、SIGTERM 或 --duration 为止。`},
	"lamppost-sim sdi12": {"在单独的串口上模拟 SDI-12 传感器", `sdi12 建立串口，即一条 SDI-12 线路，每个参数一个传感器：
0=+25.4+18.3 的地址是 0，测得这两个数值。

该串口是伪终端，不能传送 break：传感器不论是否唤醒都会听到命令。应答按 1200 bit/s 的速度发送。

播放到 Ctrl-C、SIGTERM 或 --duration 为止。`},
}
