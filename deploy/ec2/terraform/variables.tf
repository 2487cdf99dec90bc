variable "domain" {
  description = "Name that people open, such as watch.example.org."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain))
    error_message = "A name such as watch.example.org, in lower case, with no port."
  }
}

variable "registry" {
  description = "Registry that make publish was given. Empty: the instance builds the images itself, from repository."
  type        = string
  default     = ""
}

variable "repository" {
  description = "Git repository of Turtus that the instance can read. Used where registry is empty."
  type        = string
  default     = ""
}

variable "image_version" {
  description = "Tag of the images."
  type        = string
  default     = "latest"
}

variable "instance_type" {
  description = "How large: docs/operating/ec2.md has a table by rooms."
  type        = string
  default     = "c6i.large"
}

variable "max_browsers" {
  description = "Most rooms with a browser at once."
  type        = number
  default     = 2
}

variable "disk" {
  description = "Size of the disk in GB."
  type        = number
  default     = 20
}

variable "media_ports" {
  description = "Ports to open, UDP and TCP, for direct ways to the browsers, from and to. Null: none, the relay on port 3478 carries all."
  type        = object({ from = number, to = number })
  default     = null
}

variable "ssh_from" {
  description = "Network that may come by SSH, such as 198.51.100.7/32. Empty: nobody."
  type        = string
  default     = ""
}

variable "ssh_key" {
  description = "Name of an EC2 key pair for SSH."
  type        = string
  default     = null
}

variable "zone_id" {
  description = "Route 53 zone of the domain. Empty: you make the record yourself."
  type        = string
  default     = ""
}
