// A reverse proxy of Go's standard library whose ModifyResponse renames keys.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

var toService = map[string]string{
	"dataProduct": "workspace", "dataProducts": "workspaces", "dataProductId": "workspaceId",
	"dataProductType": "workspaceType", "externalDataProductId": "externalWorkspaceId",
	"sourceDataProductId": "sourceWorkspaceId",
}
var toClient = map[string]string{}

func renamed(value interface{}, names map[string]string) interface{} {
	switch v := value.(type) {
	case []interface{}:
		for i := range v {
			v[i] = renamed(v[i], names)
		}
	case map[string]interface{}:
		made := make(map[string]interface{}, len(v))
		for key, inner := range v {
			if other, known := names[key]; known {
				key = other
			}
			made[key] = renamed(inner, names)
		}
		return made
	}
	return value
}

// translated reads BODY to its end and gives back another one and its length.
func translated(body io.ReadCloser, names map[string]string) (io.ReadCloser, int, error) {
	defer body.Close()
	var value interface{}
	decoder := json.NewDecoder(body)
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, 0, err
	}
	text, err := json.Marshal(renamed(value, names))
	return io.NopCloser(bytes.NewReader(text)), len(text), err
}

func isJSON(header http.Header) bool {
	return strings.HasPrefix(header.Get("Content-Type"), "application/json")
}

func main() {
	for client, service := range toService {
		toClient[service] = client
	}
	target, err := url.Parse(os.Args[1])
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 512, IdleConnTimeout: 10 * time.Minute,
		DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10}
	direct := proxy.Director
	proxy.Director = func(r *http.Request) {
		direct(r)
		if r.Method == "POST" && isJSON(r.Header) {
			if body, length, err := translated(r.Body, toService); err == nil {
				r.Body, r.ContentLength = body, int64(length)
			}
		}
	}
	proxy.ModifyResponse = func(r *http.Response) error {
		if !isJSON(r.Header) {
			return nil
		}
		body, length, err := translated(r.Body, toClient)
		if err == nil {
			r.Body, r.ContentLength = body, int64(length)
			r.Header.Set("Content-Length", strconv.Itoa(length))
		}
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening address=%s\n", listener.Addr())
	panic(http.Serve(listener, proxy))
}
