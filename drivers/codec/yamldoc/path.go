package yamldoc

import "path/filepath"

// Path is the name of a file or a folder. One that is not whole begins at the folder of the
// file in which it is written, wherever the program was started.
type Path string

// UnmarshalNode reads a text.
func (p *Path) UnmarshalNode(n *Node) error {
	var text string
	err := n.Decode(&text)
	*p = Path(n.Beside(text))
	return err
}

// YAMLSchema describes a text.
func (p *Path) YAMLSchema() Schema { return text() }

// Beside is where a path leads that is written in n's document: one that is not whole begins
// at the document's folder. Nothing leads nowhere.
func (n *Node) Beside(path string) string {
	if path == "" || n == nil || n.doc == nil || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(n.doc.file), path)
}
