package health

// Arguments of the sentences about the disk: 1 directory, 2 since, 3 the error. On a
// degraded journal all of them say first what still works, then what to do.
var (
	diskFull = text{
		"The disk is full: nothing could be kept in %[1]s for %[2]s. Sampling, rules and alerts go on; what does not fit in memory is declared lost. Make room on it (old logs first: journalctl --vacuum-size=50M); writing goes on by itself.",
		"磁盘已满：%[1]s 已 %[2]s无法写入。采集、规则和告警照常运行；内存放不下的数据会声明丢失。请清理空间（先清旧日志：journalctl --vacuum-size=50M），之后写入自动恢复。"}
	diskReadOnly = text{
		"The disk has been read-only for %[2]s: nothing can be kept in %[1]s. Sampling, rules and alerts go on; what does not fit in memory is declared lost. Linux does this when a card fails: see dmesg, then restart the board so that the file system is checked; if it comes back, replace the card.",
		"磁盘变为只读已 %[2]s：%[1]s 无法写入。采集、规则和告警照常运行；内存放不下的数据会声明丢失。存储卡出错时系统会这样保护：请查看 dmesg，重启设备以检查文件系统；若再次出现请更换存储卡。"}
	diskFails = text{
		"The card fails: %[1]s could not be written for %[2]s (%[3]s). Sampling, rules and alerts go on; what does not fit in memory is declared lost. Save what is readable with lamppost buffer export and replace the card.",
		"存储卡故障：%[1]s 已 %[2]s无法写入（%[3]s）。采集、规则和告警照常运行；内存放不下的数据会声明丢失。请用 lamppost buffer export 导出可读数据并更换存储卡。"}
	lost = text{
		"%[1]d records were lost since the start and declared as gaps; the list below and the charts show when and why.",
		"本次启动以来有 %[1]d 条记录丢失并已声明为缺口，下方列表和图表会显示时间和原因。"}
	nearlyFull = text{
		"%[1]s of the journal's room is taken by records that no store has yet. When it is full, the oldest of them are given up, and declared: bring the uplink back, or enlarge journal.size.",
		"数据缓存已有 %[1]s 被待上传记录占用。写满后将放弃其中最早的记录并声明缺口：请恢复上行连接，或加大 journal.size。"}

	// 1 disk, 2 bytes a day, 3 how long it lasts, 4 endurance
	cardLife = text{
		"%[1]s is written %[2]s a day by all programs together. At this rate it lasts about %[3]s more, by its rated %[4]s. Look for what writes beside the gateway (logs, swap), or lengthen journal.commit.",
		"%[1]s 每天共写入 %[2]s（含所有程序）。照此速度约可再用 %[3]s（按额定写入量 %[4]s）。请检查网关以外的写入（日志、交换分区），或加大 journal.commit。"}
	cardLifeAssumed = text{
		"%[1]s is written %[2]s a day by all programs together. At this rate it lasts about %[3]s more, if it bears %[4]s, which is a cautious assumption: write journal.endurance if the maker states more. Look for what writes beside the gateway (logs, swap), or lengthen journal.commit.",
		"%[1]s 每天共写入 %[2]s（含所有程序）。照此速度约可再用 %[3]s（保守假定总写入量 %[4]s；厂家标称更高时请填写 journal.endurance）。请检查网关以外的写入（日志、交换分区），或加大 journal.commit。"}
	cardWorn = text{
		"%[1]s reports that more than %[2]d %% of its life is used up. Plan its replacement; what it holds is still good.",
		"%[1]s 自报寿命已用超过 %[2]d %%。请安排更换；现有数据仍完好。"}
	cardSpare = text{
		"%[1]s reports that four fifths of its spare blocks are used up. Plan its replacement; what it holds is still good.",
		"%[1]s 自报备用块已用五分之四。请安排更换；现有数据仍完好。"}
	cardOver = text{
		"%[1]s reports that its life is over. It may become read-only any day: replace it now, lamppost buffer export saves what it holds.",
		"%[1]s 自报寿命已尽，随时可能变为只读。请立即更换，可用 lamppost buffer export 导出数据。"}

	certificateProblem = text{
		"No encrypted connection: %[1]s. Everything is kept here; sampling, rules and alerts go on.",
		"无法建立加密连接：%[1]s。数据都保存在本机，采集、规则和告警照常运行。"}
	certificateNext = text{
		"The present connection goes on, the next one will fail: %[1]s. Everything is kept here in any case.",
		"当前连接仍可用，下次连接将失败：%[1]s。数据始终保存在本机。"}
	certificateOurs = text{
		"This gateway's certificate %[1]s ends in %[2]s. Put a renewed one there; it is read at the next connection, nothing has to be restarted.",
		"本网关证书 %[1]s 将在 %[2]s后到期。请换上新证书，下次连接时自动读取，无需重启。"}
	certificateTheirs = text{
		"The broker's certificate (%[1]s) ends in %[2]s. Tell whoever runs the broker; from then on everything is kept here.",
		"服务器证书（%[1]s）将在 %[2]s后到期。请通知服务器维护方；到期后数据会保存在本机。"}
	certificateEnded = text{
		"The certificate %[1]s ended %[2]s ago. Everything is kept here until it is renewed; sampling, rules and alerts go on.",
		"证书 %[1]s 已到期 %[2]s。更新前数据都保存在本机，采集、规则和告警照常运行。"}
	certificateAdvice = text{"%[1]s.", "%[1]s。"}

	pageTaken = text{
		"The status page cannot be reached at %[1]s: %[2]s. Sampling, rules and alerts go on; it is tried again by itself.",
		"状态页无法在 %[1]s 打开：%[2]s。采集、规则和告警照常运行，网关会自动重试。"}
)
