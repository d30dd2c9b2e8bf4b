package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
)

// sceneTexts say what each of scenery.Kinds shows.
var sceneTexts = map[string]scenario.Text{
	"river":           {EN: "staff gauge in a river, by day, clouds", ZH: "白天多云，河道水尺"},
	"river-rain":      {EN: "the same in rain", ZH: "雨中的水尺"},
	"river-night":     {EN: "the same at night, under a lamp", ZH: "夜间灯下的水尺"},
	"river-fog":       {EN: "the same in fog", ZH: "雾中的水尺"},
	"river-hidden":    {EN: "something hides the staff for a while", ZH: "水尺一度被遮挡"},
	"river-mirror":    {EN: "water like a mirror", ZH: "水面如镜"},
	"river-glitter":   {EN: "glittering water", ZH: "水面闪光"},
	"river-weed":      {EN: "weed at the staff", ZH: "水尺旁有水草"},
	"river-ice":       {EN: "ice at the staff", ZH: "水尺处结冰"},
	"river-infrared":  {EN: "infrared light, no colours", ZH: "红外补光，没有颜色"},
	"river-shaken":    {EN: "the pole sways", ZH: "立杆晃动"},
	"river-poor":      {EN: "heavily compressed JPEG", ZH: "JPEG 压缩很重"},
	"street":          {EN: "a street with traffic, by day", ZH: "白天的街道和车流"},
	"night":           {EN: "the street at night", ZH: "夜间街道"},
	"rain":            {EN: "the street in heavy rain", ZH: "大雨中的街道"},
	"fog":             {EN: "the street in fog", ZH: "雾中的街道"},
	"snow":            {EN: "the street in snow", ZH: "雪中的街道"},
	"sunset":          {EN: "red sky, no fire", ZH: "晚霞，没有火"},
	"red-lorry":       {EN: "a red lorry passes, no fire", ZH: "红色卡车驶过，没有火"},
	"grey-van":        {EN: "a grey van passes, no smoke", ZH: "灰色厢车驶过，没有烟"},
	"waving-trees":    {EN: "trees in autumn wave", ZH: "秋天的树摇动"},
	"steam":           {EN: "steam, no smoke", ZH: "水汽，不是烟"},
	"shadows":         {EN: "shadows wander", ZH: "影子移动"},
	"lamps":           {EN: "lamps go on and off", ZH: "灯时开时关"},
	"beacon":          {EN: "a flashing beacon", ZH: "闪烁的警灯"},
	"headlights":      {EN: "headlights come towards the camera", ZH: "车灯迎面而来"},
	"insect":          {EN: "an insect before the lens", ZH: "镜头前有昆虫"},
	"drops":           {EN: "drops on the lens", ZH: "镜头上有水滴"},
	"shaken":          {EN: "the pole sways in a storm", ZH: "立杆在大风中晃动"},
	"hunting":         {EN: "the exposure hunts", ZH: "曝光来回变化"},
	"infrared":        {EN: "the street in infrared light", ZH: "红外补光的街道"},
	"smoke":           {EN: "a plume of smoke rises", ZH: "升起一股烟"},
	"smoke-poor":      {EN: "the same, heavily compressed and shaking", ZH: "同上，压缩很重并晃动"},
	"flame":           {EN: "fire with smoke", ZH: "明火和烟"},
	"flame-night":     {EN: "fire at night", ZH: "夜间明火"},
	"flame-poor":      {EN: "fire, heavily compressed and shaking", ZH: "明火，压缩很重并晃动"},
	"person":          {EN: "somebody comes into the yard", ZH: "有人进入院内"},
	"person-infrared": {EN: "the same in infrared light", ZH: "同上，红外补光"},
	"person-snow":     {EN: "the same in snow", ZH: "同上，雪中"},
	"tipping":         {EN: "a vehicle comes into the yard at night", ZH: "夜间有车进入院内"},
	"blocked":         {EN: "the lens is covered", ZH: "镜头被遮住"},
	"defocused":       {EN: "it goes out of focus", ZH: "失焦"},
	"moved":           {EN: "the camera is turned", ZH: "摄像机被转动"},
	"frozen":          {EN: "it sends the same picture again and again", ZH: "反复发送同一画面"},
	"dark":            {EN: "the light goes out", ZH: "灯灭，画面变黑"},
	"glare":           {EN: "it is blinded", ZH: "强光使画面过曝"},
}

// sceneIntro says how a scene is played.
var sceneIntro = scenario.Text{
	ZH: `
摄像机的场景：lamppost-sim part camera --listen 127.0.0.1:8601 --fault scene:smoke，vc0706 和 hydrocam 同样。每段长约 6 分钟，事件在中途发生，之后停在结尾；
--seed N（默认 1）是同类的另一段。不写 scene 时为带水尺的河道，由通道决定：level=2.6（米）、rain_rate=10（毫米/时）、illuminance=20000（lx）、
pm2_5=80（ug/m3，越高越有雾）、wind_speed=4（m/s）。--fault login:digest（或 login:basic、login:digest-sha256）使 camera 的静态图片、motion JPEG、ONVIF 和 RTSP 要求登录：
用户名 camera，密码 lamppost-sim。
`,
	EN: `
Scenes of a camera: lamppost-sim part camera --listen 127.0.0.1:8601 --fault scene:smoke, and vc0706 and hydrocam alike. Each runs six
minutes, what happens comes in between, and then it stays as it ended; --seed N (default 1) is another film of the same kind. Without a scene
it is a river with a staff as the channels say: level=2.6 (m), rain_rate=10 (mm/h), illuminance=20000 (lx), pm2_5=80 (ug/m3, the more the
hazier), wind_speed=4 (m/s). With --fault login:digest (or login:basic, login:digest-sha256) the camera's still, motion JPEG, ONVIF and RTSP
want a login, username camera, password lamppost-sim.
`,
}

// listScenes names the films that a camera can play.
func listScenes(out io.Writer, lang string) error {
	if _, err := fmt.Fprint(out, pick(lang, sceneIntro)); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, pick(lang, scenario.Text{ZH: "\n场景\t内容", EN: "\nSCENE\tWHAT IT SHOWS"}))
	for _, kind := range scenery.Kinds() {
		fmt.Fprintf(w, "scene:%s\t%s\n", kind, pick(lang, sceneTexts[kind]))
	}
	return w.Flush()
}
